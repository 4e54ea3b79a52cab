{# Contracts: a model whose columns are declared and held to. #}

{% macro get_table_columns_and_constraints() -%}
  {{ return(adapter.dispatch('get_table_columns_and_constraints', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_table_columns_and_constraints() -%}
  {{ return(table_columns_and_constraints()) }}
{%- endmacro %}

{# The parenthesised column list of `create table`. #}
{% macro table_columns_and_constraints() -%}
  {%- set columns = adapter.render_raw_columns_constraints(raw_columns=model['columns']) -%}
  {%- set constraints = adapter.render_raw_model_constraints(raw_constraints=model['constraints']) -%}
  {%- set before_constraints = ',' if columns and constraints else '' -%}
  {%- set break = '\n    ' -%}
  {{ '\n  (' ~ break ~ columns | join(',' ~ break) ~ before_constraints ~ break ~ break
     ~ constraints | join(',' ~ break) ~ (break if constraints) ~ ')\n' }}
{%- endmacro %}

{% macro get_assert_columns_equivalent(sql) -%}
  {{ return(adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
  {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}

{# Compares what the query has with what the properties declare, without regard to order; renders nothing. #}
{% macro assert_columns_equivalent(sql) %}
  {%- if not model['columns'] -%}{%- do exceptions.raise_contract_error([], []) -%}{%- endif -%}
  {%- set found = format_columns(get_column_schema_from_query(sql, config.get('sql_header', none))) -%}
  {%- set declared = format_columns(get_column_schema_from_query(get_empty_schema_sql(model['columns']))) -%}
  {%- set wanted = {} -%}
  {%- for column in declared | reverse -%}{%- do wanted.update({column['name']: column['formatted']}) -%}{%- endfor -%}
  {%- for column in found if wanted.get(column['name']) != column['formatted'] or found | length != declared | length -%}
    {%- do exceptions.raise_contract_error(declared, found) -%}
  {%- endfor -%}
{% endmacro %}

{% macro format_columns(columns) %}
  {% set formatted = [] %}
  {% for column in columns %}
    {% do formatted.append(adapter.dispatch('format_column', 'dbt')(column)) %}
  {% endfor %}
  {% do return(formatted) %}
{% endmacro %}

{% macro default__format_column(column) -%}
  {% do return({'name': column.name, 'data_type': column.dtype, 'formatted': column.column.lower() ~ ' ' ~ column.dtype}) %}
{%- endmacro %}

{% macro get_select_subquery(sql) -%}
  {{ return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) }}
{%- endmacro %}

{# The query with its columns put into the declared order. #}
{% macro default__get_select_subquery(sql) -%}
  {{ '\n    select ' ~ adapter.dispatch('get_column_names', 'dbt')() ~ '\n    from (\n        ' ~ sql ~ '\n    ) as model_subq' }}
{%- endmacro %}

{% macro default__get_column_names() -%}{{ dbt_declared_names() | join(', ') }}{%- endmacro %}

{# The names of the declared columns, as they are written in SQL. #}
{% macro dbt_declared_names() %}
  {% set names = [] %}
  {% for column in model['columns'].values() %}
    {% do names.append(adapter.quote(column['name']) if column.get('quote') else column['name']) %}
  {% endfor %}
  {% do return(names) %}
{% endmacro %}
