{# What `show` sends: a query held to a number of rows. #}

{% macro get_show_sql(compiled_code, sql_header, limit) -%}
  {{ (sql_header if sql_header is not none else '') ~ '\n  ' ~ get_limit_subquery_sql(compiled_code, limit) ~ '\n' }}
{%- endmacro %}

{% macro get_limit_subquery_sql(sql, limit) -%}
  {{ return(adapter.dispatch('get_limit_sql', 'dbt')(sql, limit)) }}
{%- endmacro %}

{% macro default__get_limit_sql(sql, limit) -%}
  {{ '\n  ' ~ sql ~ '\n  ' ~ ('\n  limit ' ~ limit if limit is not none else '') }}
{%- endmacro %}

{% macro validate_sql(sql) -%}
  {{ return(adapter.dispatch('validate_sql', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__validate_sql(sql) -%}
  {%- call statement('validate_sql') -%}explain {{ sql }}{%- endcall -%}
  {{ return(load_result('validate_sql')) }}
{%- endmacro %}
