{# A seed: a CSV file of the project as a table. Reloaded in place, or rebuilt with a full refresh. #}

{% materialization seed, default %}
  {%- set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
  {%- set full_refresh = should_full_refresh() -%}
  {%- set table = load_agate_table() -%}
  {%- do store_result('agate_table', response='OK', agate_table=table) -%}

  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% if existing is not none and existing.is_view %}
    {% do exceptions.raise_compiler_error("Cannot seed to '" ~ existing.render() ~ "', it is a view") %}
  {% elif existing is not none %}
    {% set create_sql = reset_csv_table(model, full_refresh, existing, table) %}
  {% else %}
    {% set create_sql = create_csv_table(model, table) %}
  {% endif %}

  {% set code = 'CREATE' if full_refresh else 'INSERT' %}
  {% set row_count = table.rows | length %}
  {% set load_sql = load_csv_rows(model, table) if row_count > 0 else '' %}
  {% call noop_statement('main', code ~ ' ' ~ row_count, code, row_count) %}
    {{ get_csv_sql(create_sql, load_sql) }};
  {% endcall %}

  {% set target_relation = this.incorporate(type='table') %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh)) %}
  {% do persist_docs(target_relation, model) %}
  {% if full_refresh or existing is none %}{% do create_indexes(target_relation) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do adapter.commit() %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
