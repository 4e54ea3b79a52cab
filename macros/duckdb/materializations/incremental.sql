{# DuckDB's incremental: the new rows are gathered in a temporary table before the transaction begins. #}

{% materialization incremental, adapter='duckdb' %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set temp_relation = make_temp_relation(target_relation) -%}
  {%- set intermediate = make_intermediate_relation(target_relation) -%}
  {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
  {%- set leftovers = [load_cached_relation(intermediate), load_cached_relation(backup)] -%}
  {%- set full_refresh = should_full_refresh() or (existing is not none and existing.is_view) -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- set in_place = existing is not none and full_refresh and has_foreign_key_constraints(existing) -%}
  {%- set swap = existing is not none and full_refresh and not in_place -%}
  {%- set set_aside = [] -%}

  {% for leftover in leftovers %}{% do drop_relation_if_exists(leftover) %}{% endfor %}
  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% if in_place %}{% do set_aside.extend(drop_relation_for_rebuild(existing)) %}{% endif %}
  {% if existing is none or full_refresh %}
    {% set build_sql = create_table_as(false, intermediate if swap else target_relation, sql) %}
  {% else %}
    {% do run_query(create_table_as(true, temp_relation, sql)) %}
    {% set build_sql = dbt_incremental_build_sql(on_schema_change, temp_relation, target_relation, existing) %}
  {% endif %}
  {% call statement('main') -%}{{ build_sql }}{{ '\n  ' }}{%- endcall %}

  {% if swap %}
    {% do drop_indexes_on_relation(existing) %}
    {% if may_be_foreign_key_target(existing) %}{% do set_aside.extend(drop_foreign_key_dependents(existing)) %}{% endif %}
    {% do adapter.rename_relation(existing, backup) %}
    {% do adapter.rename_relation(intermediate, target_relation) %}
  {% endif %}
  {% do restore_foreign_key_dependents(set_aside) %}

  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh)) %}
  {% do persist_docs(target_relation, model) %}
  {% if existing is none or full_refresh %}{% do create_indexes(target_relation) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do adapter.commit() %}

  {% if swap %}{% do adapter.drop_relation(backup) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
