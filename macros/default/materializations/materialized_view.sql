{# A materialized view is made once; later runs refresh it, or follow what has changed in its configuration. #}

{% materialization materialized_view, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='materialized_view') -%}
  {%- set intermediate = make_intermediate_relation(target_relation) -%}
  {%- set backup = make_backup_relation(target_relation, 'materialized_view' if existing is none else existing.type) -%}
  {% for leftover in [load_cached_relation(backup), load_cached_relation(intermediate)] %}{% do drop_relation_if_exists(leftover) %}{% endfor %}
  {% do run_hooks(pre_hooks, inside_transaction=false) %}

  {%- set build_sql = materialized_view_get_build_sql(existing, target_relation, backup, intermediate) -%}
  {% if build_sql == '' %}
    {% do store_raw_result(name='main', message='skip ' ~ target_relation, code='skip', rows_affected='-1') %}
  {% else %}
    {% do run_hooks(pre_hooks, inside_transaction=true) %}
    {% call statement('main') -%}{{ '\n        ' ~ build_sql ~ '\n    ' }}{%- endcall %}
    {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
    {% do persist_docs(target_relation, model) %}
    {% do run_hooks(post_hooks, inside_transaction=true) %}
    {% do adapter.commit() %}
  {% endif %}

  {% for leftover in [backup, intermediate] %}{% do drop_relation_if_exists(leftover) %}{% endfor %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# What is to be sent; empty when a change of configuration is to be left alone. #}
{% macro materialized_view_get_build_sql(existing_relation, target_relation, backup_relation, intermediate_relation) %}
  {% if existing_relation is none %}{% do return(get_create_materialized_view_as_sql(target_relation, sql)) %}{% endif %}
  {% if should_full_refresh() or not existing_relation.is_materialized_view %}
    {% do return(get_replace_sql(existing_relation, target_relation, sql)) %}
  {% endif %}
  {% set changes = get_materialized_view_configuration_changes(existing_relation, config) %}
  {% if changes is none %}{% do return(refresh_materialized_view(target_relation)) %}{% endif %}
  {% set wanted = config.get('on_configuration_change') %}
  {% set seen = 'Configuration changes were identified and `on_configuration_change` was set to `' ~ wanted ~ '` for `' ~ target_relation.render() ~ '`' %}
  {% if wanted == 'apply' %}
    {% do return(get_alter_materialized_view_as_sql(target_relation, changes, sql, existing_relation, backup_relation, intermediate_relation)) %}
  {% endif %}
  {% if wanted == 'fail' %}{% do exceptions.raise_fail_fast_error(seen) %}{% endif %}
  {% if wanted != 'continue' %}{% do exceptions.raise_compiler_error('Unexpected configuration scenario') %}{% endif %}
  {% do exceptions.warn(seen) %}
  {% do return('') %}
{% endmacro %}
