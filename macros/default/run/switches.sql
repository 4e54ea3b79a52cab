{# Questions that a materialization asks of its configuration and of the command line. The configuration wins. #}

{% macro set_sql_header(config) -%}
  {{ config.set('sql_header', caller()) }}
{%- endmacro %}

{% macro should_full_refresh() %}
  {% set configured = config.get('full_refresh') %}
  {% do return(flags.FULL_REFRESH if configured is none else configured) %}
{% endmacro %}

{% macro should_store_failures() %}
  {% set configured = config.get('store_failures') %}
  {% do return(flags.STORE_FAILURES if configured is none else configured) %}
{% endmacro %}

{# True when the model's table exists and this run only adds to it. #}
{% macro is_incremental() %}
  {% if not execute %}{% do return(false) %}{% endif %}
  {% set existing = adapter.get_relation(this.database, this.schema, this.table) %}
  {% do return(existing is not none and existing.type == 'table'
               and model.config.materialized == 'incremental' and not should_full_refresh()) %}
{% endmacro %}

{% macro is_core_v2() %}{% do return(dbt_version.split('.')[0] | int >= 2) %}{% endmacro %}
