{# A test asks the engine how many rows break the rule. Where failures are kept, they are stored first and then counted. #}

{% materialization test, default %}
  {%- set relations = [] -%}
  {%- set main_sql = sql -%}
  {% if should_store_failures() and config.get('store_failures_as') != 'ephemeral' %}
    {%- set existing = adapter.get_relation(database=database, schema=schema, identifier=model.alias) -%}
    {%- set store_as = config.get('store_failures_as') or 'table' -%}
    {% if store_as not in ['table', 'view'] %}
      {% do exceptions.raise_compiler_error("'" ~ store_as ~ "' is not a valid value for `store_failures_as`. Accepted values are: ['ephemeral', 'table', 'view']") %}
    {% endif %}
    {%- set target_relation = api.Relation.create(identifier=model.alias, schema=schema, database=database, type=store_as) -%}
    {% if existing %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% call statement(auto_begin=true) -%}{{ get_create_sql(target_relation, sql) }}{%- endcall %}
    {% do adapter.commit() %}
    {% do adapter.cache_added(target_relation) %}
    {% do relations.append(target_relation) %}
    {%- set main_sql = 'select * from ' ~ target_relation -%}
  {% endif %}

  {% call statement('main', fetch_result=true) -%}
    {{ get_test_sql(main_sql, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), config.get('limit')) }}
  {%- endcall %}
  {{ return({'relations': relations}) }}
{% endmaterialization %}
