{# A view is made beside the old relation and takes its place by renaming, all in one transaction. #}

{% materialization view, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set intermediate = make_intermediate_relation(target_relation) -%}
  {%- set backup = make_backup_relation(target_relation, 'view' if existing is none else existing.type) -%}
  {%- set leftovers = [load_cached_relation(intermediate), load_cached_relation(backup)] -%}

  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% for leftover in leftovers %}{% do drop_relation_if_exists(leftover) %}{% endfor %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% call statement('main') -%}
    {{ get_create_view_as_sql(intermediate, sql) }}
  {%- endcall %}

  {# Dropping a leftover may have taken the old relation with it. #}
  {% set existing = load_cached_relation(this) %}
  {% if existing is not none %}{% do adapter.rename_relation(existing, backup) %}{% endif %}
  {% do adapter.rename_relation(intermediate, target_relation) %}

  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
  {% do persist_docs(target_relation, model) %}
  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do adapter.commit() %}

  {% do drop_relation_if_exists(backup) %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
