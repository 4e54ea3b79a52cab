{# A unit test: an empty table of the model's result tells the columns and their types, then what is and what should be are asked for
   in one statement. The comparison is made from its rows. #}

{% materialization unit, default %}
  {%- set header = config.get('sql_header') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS else none -%}
  {%- set expected_rows = config.get('expected_rows') -%}
  {%- set names = expected_rows[0].keys() if expected_rows else get_columns_in_query(sql) -%}
  {%- set temp_relation = make_temp_relation(this.incorporate(type='table')) -%}
  {% do run_query(get_create_table_as_sql(true, temp_relation, get_empty_subquery_sql(sql))) %}

  {%- set types, quoted = {}, {} -%}
  {%- for column in adapter.get_columns_in_relation(temp_relation) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}
  {%- set compared = [] -%}
  {%- for name in names -%}{%- do compared.append(quoted[name | lower]) -%}{%- endfor -%}
  {%- set expected_sql = config.get('expected_sql') or get_expected_sql(expected_rows, types, quoted) -%}

  {% call statement('main', fetch_result=true) -%}
    {{ header if header is not none }}{{ '\n    ' ~ get_unit_test_sql(sql, expected_sql, compared) }}
  {%- endcall %}
  {% do adapter.drop_relation(temp_relation) %}
  {{ return({'relations': []}) }}
{% endmaterialization %}
