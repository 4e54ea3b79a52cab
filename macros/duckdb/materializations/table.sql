{# DuckDB's table: indexes come last, because a table that has them is not renamed. #}

{% materialization table, adapter='duckdb' %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set intermediate = make_intermediate_relation(target_relation) -%}
  {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
  {%- set leftovers = [load_cached_relation(intermediate), load_cached_relation(backup)] -%}
  {%- set in_place = has_foreign_key_constraints(existing) -%}
  {%- set set_aside = [] -%}

  {% for leftover in leftovers %}{% do drop_relation_if_exists(leftover) %}{% endfor %}
  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% if in_place and existing is not none %}{% do set_aside.extend(drop_relation_for_rebuild(existing)) %}{% endif %}
  {% call statement('main') -%}
    {{ create_table_as(false, target_relation if in_place else intermediate, sql) }}
  {%- endcall %}
  {% if not in_place %}
    {% if existing is not none %}
      {% do drop_indexes_on_relation(existing) %}
      {% if existing.is_table and may_be_foreign_key_target(existing) %}
        {% do set_aside.extend(drop_foreign_key_dependents(existing)) %}
      {% endif %}
      {% do adapter.rename_relation(existing, backup) %}
    {% endif %}
    {% do adapter.rename_relation(intermediate, target_relation) %}
  {% endif %}
  {% do restore_foreign_key_dependents(set_aside) %}
  {% do create_indexes(target_relation) %}

  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}

  {% do drop_relation_if_exists(backup) %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
