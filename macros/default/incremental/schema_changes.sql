{# `on_schema_change`: what an incremental model does when its query's columns are no longer the table's. #}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
  {% if on_schema_change in ['sync_all_columns', 'append_new_columns', 'fail', 'ignore'] %}
    {% do return(on_schema_change) %}
  {% endif %}
  {% do log('Invalid value for on_schema_change (' ~ on_schema_change ~ ') specified. Setting default value of ' ~ default ~ '.') %}
  {% do return(default) %}
{% endmacro %}

{# The columns of the first list whose names are not in the second. #}
{% macro diff_columns(source_columns, target_columns) %}
  {% set known = target_columns | map(attribute='column') | list %}
  {% do return(source_columns | rejectattr('column', 'in', known) | list) %}
{% endmacro %}

{% macro diff_column_data_types(source_columns, target_columns) %}
  {{ return(adapter.dispatch('diff_column_data_types', 'dbt')(source_columns, target_columns)) }}
{% endmacro %}

{% macro default__diff_column_data_types(source_columns, target_columns) %}
  {% set changes = [] %}
  {% for source in source_columns %}
    {% for target in target_columns
       if target.name == source.name and target.expanded_data_type != source.expanded_data_type
          and not source.can_expand_to(other_column=target) %}
      {% do changes.append({'column_name': target.name, 'new_type': source.expanded_data_type}) %}
    {% endfor %}
  {% endfor %}
  {% do return(changes) %}
{% endmacro %}

{% macro check_for_schema_changes(source_relation, target_relation) %}
  {{ return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) }}
{% endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) %}
  {% set source_columns = adapter.get_columns_in_relation(source_relation) %}
  {% set target_columns = adapter.get_columns_in_relation(target_relation) %}
  {% set added = diff_columns(source_columns, target_columns) %}
  {% set removed = diff_columns(target_columns, source_columns) %}
  {% set retyped = diff_column_data_types(source_columns, target_columns) %}
  {% set changes = {
    'schema_changed': added != [] or removed != [] or retyped != [],
    'source_not_in_target': added,
    'target_not_in_source': removed,
    'source_columns': source_columns,
    'target_columns': target_columns,
    'new_target_types': retyped,
  } %}
  {% do log('In ' ~ target_relation ~ ': schema changed: ' ~ changes.schema_changed ~ ', source columns not in target: ' ~ added
            ~ ', target columns not in source: ' ~ removed ~ ', new column types: ' ~ retyped) %}
  {% do return(changes) %}
{% endmacro %}

{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {{ return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) }}
{% endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {% set added = schema_changes_dict['source_not_in_target'] %}
  {% set removed = schema_changes_dict['target_not_in_source'] if on_schema_change == 'sync_all_columns' else [] %}
  {% set retyped = schema_changes_dict['new_target_types'] if on_schema_change == 'sync_all_columns' else [] %}
  {% if added or removed %}
    {% do alter_relation_add_remove_columns(target_relation, added, removed) %}
  {% endif %}
  {% for change in retyped %}
    {% do alter_column_type(target_relation, change['column_name'], change['new_type']) %}
  {% endfor %}
  {% do log('In ' ~ target_relation ~ ': schema change approach: ' ~ on_schema_change ~ ', columns added: ' ~ added
            ~ ', columns removed: ' ~ removed ~ ', data types changed: ' ~ retyped) %}
{% endmacro %}

{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {{ return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) }}
{% endmacro %}

{# The columns to insert; nothing when the mode is `ignore`: the table's own then. #}
{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {% if on_schema_change == 'ignore' %}{% do return({}) %}{% endif %}
  {% set changes = check_for_schema_changes(source_relation, target_relation) %}
  {% if changes['schema_changed'] %}
    {% if on_schema_change == 'fail' %}
      {% set message %}
              The source and target schemas on this incremental model are out of sync!
              They can be reconciled in several ways:
                - set the `on_schema_change` config to either append_new_columns or sync_all_columns, depending on your situation.
                - Re-run the incremental model with `full_refresh: True` to update the target schema.
                - update the schema manually and re-run the process.

              Additional troubleshooting context:
                 Source columns not in target: {{ changes['source_not_in_target'] }}
                 Target columns not in source: {{ changes['target_not_in_source'] }}
                 New column types: {{ changes['new_target_types'] }}
          {% endset %}
      {% do exceptions.raise_compiler_error(message) %}
    {% endif %}
    {% do sync_column_schemas(on_schema_change, target_relation, changes) %}
  {% endif %}
  {% do return(changes['source_columns']) %}
{% endmacro %}
