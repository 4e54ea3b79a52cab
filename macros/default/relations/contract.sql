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
  ({{ (columns + constraints) | join(', ') }})
{%- endmacro %}

{% macro get_assert_columns_equivalent(sql) -%}
  {{ return(adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
  {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}

{# Compares what the query has with what the YAML declares, without regard to order; renders nothing. #}
{% macro assert_columns_equivalent(sql) %}
  {%- set declared = model['columns'] -%}
  {%- if not declared -%}
    {%- do exceptions.raise_contract_error([], []) -%}
  {%- endif -%}
  {%- set found = get_column_schema_from_query(sql, config.get('sql_header')) -%}
  {%- set expected = get_column_schema_from_query(get_empty_schema_sql(declared)) -%}
  {%- set found_pairs = format_columns(found) -%}
  {%- set expected_pairs = format_columns(expected) -%}
  {%- if found_pairs | length != expected_pairs | length -%}
    {%- do exceptions.raise_contract_error(expected_pairs, found_pairs) -%}
  {%- endif -%}
  {%- for column in found_pairs -%}
    {%- set matches = expected_pairs | selectattr('name', 'equalto', column.name) | selectattr('data_type', 'equalto', column.data_type) | list -%}
    {%- if not matches -%}
      {%- do exceptions.raise_contract_error(expected_pairs, found_pairs) -%}
    {%- endif -%}
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
  {% do return({'name': column.column, 'data_type': column.dtype, 'formatted': column.column ~ ' ' ~ column.dtype}) %}
{%- endmacro %}

{% macro get_select_subquery(sql) -%}
  {{ return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) }}
{%- endmacro %}

{# The query with its columns put into the declared order. #}
{% macro default__get_select_subquery(sql) %}
  {%- set names = [] -%}
  {%- for column in model['columns'].values() -%}
    {%- do names.append(adapter.quote(column['name']) if column.get('quote') else column['name']) -%}
  {%- endfor -%}
  select {{ names | join(', ') }}
  from (
    {{ sql }}
  ) as model_subq
{%- endmacro %}
