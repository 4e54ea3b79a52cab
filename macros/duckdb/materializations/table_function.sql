{# A model with parameters: a table macro of DuckDB's. It is bound when it is called, so its tables may change under it. #}

{% materialization table_function, adapter='duckdb' %}
  {%- set parameters = config.get('parameters') -%}
  {%- set target_relation = api.Relation.create(identifier=model['alias'], schema=schema, database=database, type='view') -%}

  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% call statement('main') -%}
    create or replace function {{ target_relation.render() }}(
      {%- if parameters is string or parameters is number %}{{ parameters }}{% elif parameters %}{{ parameters | join(', ') }}{% endif -%}
    ) as table (
      {{ sql }});
  {%- endcall %}

  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
