{# Renaming, and the swap with a backup that is built from it. #}

{% macro rename_relation(from_relation, to_relation) -%}
  {{ return(adapter.dispatch('rename_relation', 'dbt')(from_relation, to_relation)) }}
{%- endmacro %}

{% macro default__rename_relation(from_relation, to_relation) -%}
  {%- set new_name = adapter.quote_as_configured(to_relation.identifier, 'identifier') -%}
  {%- call statement('rename_relation') -%}alter table {{ from_relation }} rename to {{ new_name }}{%- endcall -%}
{%- endmacro %}

{% macro get_rename_sql(relation, new_name) -%}
  {{ return(adapter.dispatch('get_rename_sql', 'dbt')(relation, new_name)) }}
{%- endmacro %}

{% macro default__get_rename_sql(relation, new_name) -%}
  {%- if relation.is_view -%}{{ get_rename_view_sql(relation, new_name) }}
  {%- elif relation.is_table -%}{{ get_rename_table_sql(relation, new_name) }}
  {%- elif relation.is_materialized_view -%}{{ get_rename_materialized_view_sql(relation, new_name) }}
  {%- else -%}{{ exceptions.raise_compiler_error('`get_rename_sql` has not been implemented for: ' ~ relation.type) }}
  {%- endif -%}
{%- endmacro %}

{% macro get_rename_table_sql(relation, new_name) -%}
  {{ return(adapter.dispatch('get_rename_table_sql', 'dbt')(relation, new_name)) }}
{%- endmacro %}

{% macro default__get_rename_table_sql(relation, new_name) -%}alter table {{ relation }} rename to {{ new_name }}{%- endmacro %}

{% macro get_rename_view_sql(relation, new_name) -%}
  {{ return(adapter.dispatch('get_rename_view_sql', 'dbt')(relation, new_name)) }}
{%- endmacro %}

{% macro default__get_rename_view_sql(relation, new_name) -%}alter view {{ relation }} rename to {{ new_name }}{%- endmacro %}

{% macro get_rename_intermediate_sql(relation) -%}
  {{ return(adapter.dispatch('get_rename_intermediate_sql', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_rename_intermediate_sql(relation) -%}
  {{ '-- get the standard intermediate name\n    \n\n    ' ~ get_rename_sql(make_intermediate_relation(relation), relation.identifier) }}
{%- endmacro %}

{% macro get_create_backup_sql(relation) -%}
  {{ return(adapter.dispatch('get_create_backup_sql', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_create_backup_sql(relation) -%}
  {%- set backup = make_backup_relation(relation, relation.type) -%}
  {{ '-- get the standard backup name\n    \n\n    -- drop any pre-existing backup\n    ' ~ get_drop_sql(backup) ~ ';\n\n    '
     ~ get_rename_sql(relation, backup.identifier) }}
{%- endmacro %}

{% macro get_replace_sql(existing_relation, target_relation, sql) -%}
  {{ return(adapter.dispatch('get_replace_sql', 'dbt')(existing_relation, target_relation, sql)) }}
{%- endmacro %}

{# One script that puts a new relation in the place of an old one: in place where the engine replaces, else beside the old one or over
   its backup where they can be renamed. Blank lines and comments are dbt's. #}
{% macro default__get_replace_sql(existing_relation, target_relation, sql) -%}
  {%- set old, new, next, end = existing_relation, target_relation, ';\n        ', '\n\n    ' -%}
  {%- set in_place = old.type == new.type and old.can_be_replaced -%}
  {{ end * 3 }}
  {%- if in_place and old.is_view -%}{{ '\n        ' ~ get_replace_view_sql(new, sql) ~ end }}
  {%- elif in_place and old.is_table -%}{{ '\n        ' ~ get_replace_table_sql(new, sql) ~ end }}
  {%- elif in_place and old.is_materialized_view -%}{{ '\n        ' ~ get_replace_materialized_view_sql(new, sql) ~ end }}
  {%- elif new.can_be_renamed and old.can_be_renamed -%}
    {{ get_create_intermediate_sql(new, sql) ~ next ~ get_create_backup_sql(old) ~ next ~ get_rename_intermediate_sql(new) ~ next
       ~ get_drop_backup_sql(old) ~ end }}
  {%- elif new.can_be_renamed -%}
    {{ get_create_intermediate_sql(new, sql) ~ next ~ get_drop_sql(old) ~ next ~ get_rename_intermediate_sql(new) ~ end }}
  {%- elif old.can_be_renamed -%}
    {{ get_create_backup_sql(old) ~ next ~ get_create_sql(new, sql) ~ next ~ get_drop_backup_sql(old) ~ end }}
  {%- else -%}
    {{ get_drop_sql(old) ~ next ~ get_create_sql(new, sql) }}
  {%- endif -%}
{%- endmacro %}
