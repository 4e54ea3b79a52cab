{# A test asks the engine how many rows break the rule. Where failures are kept, they are stored first and then counted. #}

{% materialization test, default %}
  {%- set header = config.get('sql_header') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS else none -%}
  {%- set relations = [] -%}
  {%- set main_sql = '\n    ' ~ get_limit_subquery_sql(sql, config.get('limit')) ~ '\n  ' -%}
  {% if should_store_failures() %}
    {%- set store_as = 'table' if config.get('store_failures_as') is none else config.get('store_failures_as') -%}
    {%- set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {% if store_as not in ['table', 'view'] %}
      {% do exceptions.raise_compiler_error("'" ~ store_as ~ "' is not a valid value for `store_failures_as`. Accepted values are: ['ephemeral', 'table', 'view']") %}
    {% endif %}
    {%- set target_relation = api.Relation.create(identifier=model['alias'], schema=schema, database=database, type=store_as) -%}
    {% if existing %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% call statement(auto_begin=true) -%}
      {{ header if header is not none }}{{ get_create_sql(target_relation, main_sql) }}
    {%- endcall %}
    {% do relations.append(target_relation) %}
    {%- set main_sql -%}
{{ '\n        ' }}select *
        from {{ target_relation }}{{ '\n    ' }}
    {%- endset -%}
    {% do adapter.commit() %}
  {% endif %}

  {% call statement('main', fetch_result=true) -%}
    {{ header if header is not none }}{{ '\n    \n    ' }}
    {{- get_test_sql(main_sql, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
  {%- endcall %}
  {{ return({'relations': relations}) }}
{% endmaterialization %}
