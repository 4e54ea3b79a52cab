{# Materialized views. What may change without a full refresh is their indexes. #}

{% macro postgres__get_create_materialized_view_as_sql(relation, sql) %}
    create materialized view if not exists {{ relation }} as {{ sql }};

    {% for index in config.get('indexes', []) -%}
      {{- get_create_index_sql(relation, index) -}}{{ ';' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

{% macro postgres__refresh_materialized_view(relation) %}{{ '\n    refresh materialized view ' ~ relation ~ '\n' }}{% endmacro %}

{% macro postgres__describe_materialized_view(relation) %}
  {% do return({'indexes': run_query(get_show_indexes_sql(relation))}) %}
{% endmacro %}

{# none, or {indexes: [{action, context}], requires_full_refresh}: what is no longer wanted, then what is new. An index is what it
   indexes, how, and whether it is unique. #}
{% macro postgres__get_materialized_view_configuration_changes(existing_relation, new_config) %}
  {% set held, wanted, changes = {}, {}, [] %}
  {% for row in postgres__describe_materialized_view(existing_relation).indexes %}
    {% do held.update({postgres_index_key(row['column_names'].split(','), row['unique'], row['method']): row['name']}) %}
  {% endfor %}
  {% for index in new_config.get('indexes', []) or [] %}
    {% do wanted.update({postgres_index_key(index['columns'], index.get('unique', false), index.get('type', 'btree')): index}) %}
  {% endfor %}
  {% for key, name in held.items() if key not in wanted %}
    {% do changes.append({'action': 'drop', 'context': {'name': name}}) %}
  {% endfor %}
  {% for key, index in wanted.items() if key not in held %}
    {% do changes.append({'action': 'create', 'context': {'columns': index['columns'], 'unique': index.get('unique', false),
                                                          'type': index.get('type', 'btree')}}) %}
  {% endfor %}
  {% do return({'indexes': changes, 'requires_full_refresh': false} if changes else none) %}
{% endmacro %}

{% macro postgres_index_key(columns, unique, type) %}
  {% do return(columns | map('lower') | sort | join(',') ~ ' ' ~ (unique | string | lower) ~ ' ' ~ type) %}
{% endmacro %}

{# The comments are dbt's, as all that stands in target/run. #}
{% macro postgres__get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) -%}
  {{ '\n\n    -- apply a full refresh immediately if needed\n    ' }}
  {%- if configuration_changes.requires_full_refresh -%}
    {{ '\n\n        ' ~ get_replace_sql(existing_relation, relation, sql) ~ '\n\n    -- otherwise apply individual changes as needed\n    ' }}
  {%- else -%}
    {{ '\n\n        ' ~ postgres__update_indexes_on_materialized_view(relation, configuration_changes.indexes) }}
  {%- endif -%}
{% endmacro %}

{% macro postgres__update_indexes_on_materialized_view(relation, index_changes) -%}
  {%- for change in index_changes -%}
    {{ postgres__get_drop_index_sql(relation, change.context.name) if change.action == 'drop'
       else postgres__get_create_index_sql(relation, change.context) }}
    {{- ';' if not loop.last }}
  {%- endfor -%}
{%- endmacro %}
