{# Unit tests: rows that are written down take the place of a model's inputs, and its result is compared with rows that are expected.
   The SQL made here is dbt's to the byte: it stands in target/compiled and target/run. #}

{# The query for what one input holds. Types come from the relation that it stands for. #}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
{%- set types, quoted = column_name_to_data_types or {}, {} -%}
{%- if not types -%}
  {%- set relation = defer_relation if defer_relation and not load_relation(this) else this -%}
  {%- for column in (adapter.get_columns_in_relation(relation) if load_relation(relation) else []) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}
{%- endif -%}
{%- if not types -%}
  {%- do exceptions.raise_compiler_error("Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this ~ " because the relation doesn't exist") -%}
{%- endif -%}
{%- do validate_fixture_rows(rows, none) -%}
{%- set blank = {} -%}
{%- for name, type in types.items() -%}{%- do blank.update({name: safe_cast('null', type) | trim}) -%}{%- endfor -%}
{%- set selects = [] -%}
{%- for row in rows -%}
  {%- set cells = blank.copy() -%}
  {%- do cells.update(format_row(row, types)) -%}
  {%- do selects.append(dbt_select_cells(cells, quoted)) -%}
{%- endfor -%}
{{ '\n-- Fixture for ' ~ model.name ~ '\n' ~ (selects | join('\nunion all\n') if rows else dbt_select_cells(blank, quoted) ~ '\n    limit 0') }}
{%- endmacro %}

{# The query for what is expected. #}
{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) %}
{%- set selects = [] -%}
{%- for row in rows -%}
  {%- do selects.append(dbt_select_cells(format_row(row, column_name_to_data_types), column_name_to_quoted)) -%}
{%- endfor -%}
{{ selects | join('\nunion all\n') if rows else 'select * from dbt_internal_unit_test_actual\n    limit 0' }}
{%- endmacro %}

{% macro dbt_select_cells(cells, quoted) %}
  {% set parts = [] %}
  {% for name, value in cells.items() %}{% do parts.append(' ' ~ value ~ ' as ' ~ quoted.get(name, '')) %}{% endfor %}
  {% do return('select' ~ parts | join(',')) %}
{% endmacro %}

{# A row with its values as SQL, each cast to the type of its column. #}
{% macro format_row(row, column_name_to_data_types) %}
  {% set formatted = {} %}
  {% for key, value in row.items() %}
    {% set name = key | lower %}
    {% if name not in column_name_to_data_types %}
      {% set fixture = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" %}
      {% do exceptions.raise_compiler_error("Invalid column name: '" ~ name ~ "' in unit test fixture for " ~ fixture ~ '.\nAccepted columns for '
                                            ~ fixture ~ ' are: ' ~ (column_name_to_data_types.keys() | list)) %}
    {% endif %}
    {% set type = column_name_to_data_types[name] %}
    {# A length would cut texts without a word. #}
    {% set type = type.split('(')[0] if value is string and 'varying' in type else type %}
    {% set literal = dbt.string_literal(dbt.escape_single_quotes(value)) if value is string else 'null' if value is none else value %}
    {% do formatted.update({name: safe_cast(literal, type)}) %}
  {% endfor %}
  {% do return(formatted) %}
{% endmacro %}

{# For engines that refuse some rows. #}
{% macro validate_fixture_rows(rows, row_number) -%}
  {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro %}

{% macro default__validate_fixture_rows(rows, row_number) -%}{%- endmacro %}

{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
  {{ adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names) }}
{%- endmacro %}

{# Both results under each other, told apart by a column. #}
{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
{%- set side = adapter.quote('actual_or_expected') -%}
-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    {{ expected_column_names | join(',') }}, {{ dbt.string_literal('actual') }} as {{ side }}
  from (
    {{ main_sql }}
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    {{ expected_column_names | join(', ') }}, {{ dbt.string_literal('expected') }} as {{ side }}
  from (
    {{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{%- endmacro %}
