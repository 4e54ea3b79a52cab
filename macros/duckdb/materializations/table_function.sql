{# A view with parameters: a DuckDB table macro. #}

{% materialization table_function, adapter='duckdb' %}
  {%- set target_relation = api.Relation.create(identifier=model['alias'], schema=schema, database=database, type='view') -%}
  {%- set parameters = config.get('parameters') -%}
  {%- set listed = parameters if parameters is string or parameters is number else (parameters or []) | join(', ') -%}
  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% call statement('main') -%}
    create or replace function {{ target_relation.render() }}(
        {{ ('\n          ' if parameters) ~ listed ~ '\n        ' }}
      ) as table (
        {{ sql }});
  {%- endcall %}

  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
