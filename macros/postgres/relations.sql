{# Schemas, tables and the names beside them, as PostgreSQL has them. A name has at most 63 characters. #}

{% macro postgres__create_schema(relation) -%}
  {%- if relation.database -%}{%- do adapter.verify_database(relation.database) -%}{%- endif -%}
  {%- call statement('create_schema') -%}
    create schema if not exists {{ relation.without_identifier().include(database=false) }}
  {%- endcall -%}
{% endmacro %}

{% macro postgres__drop_schema(relation) -%}
  {%- if relation.database -%}{%- do adapter.verify_database(relation.database) -%}{%- endif -%}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier().include(database=false) }} cascade
  {%- endcall -%}
{% endmacro %}

{% macro postgres__information_schema_name(database) -%}information_schema{%- endmacro %}

{% macro postgres__list_schemas(database) %}
  {% if database %}{% do adapter.verify_database(database) %}{% endif %}
  {% do return(run_query('select distinct nspname from pg_namespace')) %}
{% endmacro %}

{% macro postgres__check_schema_exists(information_schema, schema) -%}
  {% if information_schema.database %}{% do adapter.verify_database(information_schema.database) %}{% endif %}
  {% do return(run_query("select count(*) from pg_namespace where nspname = '" ~ schema ~ "'")) %}
{% endmacro %}

{% macro postgres__list_relations_without_caching(schema_relation) %}
  {%- set kinds = [('pg_tables', 'tablename', 'table'), ('pg_views', 'viewname', 'view'),
                   ('pg_matviews', 'matviewname', 'materialized_view')] -%}
  {% call statement('list_relations_without_caching', fetch_result=true) -%}
    {% for catalog, name, type in kinds -%}
    select '{{ schema_relation.database }}' as database, {{ name }} as name, schemaname as schema, '{{ type }}' as type
    from {{ catalog }}
    where schemaname ilike '{{ schema_relation.schema }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}
  {%- endcall %}
  {% do return(load_result('list_relations_without_caching').table) %}
{% endmacro %}

{# What stands on what: views and the relations that they read. #}
{% macro postgres__get_relations() %}
  {% set sql %}
    select distinct view_schema.nspname, view.relname, read_schema.nspname, read.relname
    from pg_rewrite as rule
    join pg_class as view on view.oid = rule.ev_class
    join pg_namespace as view_schema on view_schema.oid = view.relnamespace
    join pg_depend as needs on needs.objid = rule.oid
      and needs.classid = 'pg_rewrite'::regclass and needs.refclassid = 'pg_class'::regclass and needs.refobjid <> view.oid
    join pg_class as read on read.oid = needs.refobjid
    join pg_namespace as read_schema on read_schema.oid = read.relnamespace
    where read_schema.nspname <> 'information_schema' and read_schema.nspname not like 'pg\_%'
    order by 1, 2, 3, 4
  {% endset %}
  {% do return(run_query(sql)) %}
{% endmacro %}

{% macro postgres_get_relations() %}{% do return(postgres__get_relations()) %}{% endmacro %}

{# Cut so that name and suffix fit. `dstring`: with the time of day behind it. #}
{% macro postgres__make_relation_with_suffix(base_relation, suffix, dstring) %}
  {% set suffix = suffix ~ (modules.datetime.datetime.now().strftime('%H%M%S%f') if dstring else '') %}
  {% set most = base_relation.relation_max_name_length() %}
  {% if suffix | length > most %}
    {% do exceptions.raise_compiler_error('Relation suffix is too long (' ~ suffix | length ~ ' characters). Maximum length is ' ~ most ~ ' characters.') %}
  {% endif %}
  {% do return(base_relation.incorporate(path={'identifier': base_relation.identifier[:most - suffix | length] ~ suffix})) %}
{% endmacro %}

{% macro postgres__make_intermediate_relation(base_relation, suffix) %}
  {% do return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=false)) %}
{% endmacro %}

{# Temporary tables live outside the schemas. #}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
  {% set named = postgres__make_relation_with_suffix(base_relation, suffix, dstring=true) %}
  {% do return(named.incorporate(path={'schema': none, 'database': none})) %}
{% endmacro %}

{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) %}
  {% do return(postgres__make_relation_with_suffix(base_relation, suffix, dstring=false).incorporate(type=backup_relation_type)) %}
{% endmacro %}

{# With a contract, the table is made as it is declared and then filled. #}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
  {%- set kind = 'temporary' if temporary else 'unlogged' if config.get('unlogged', default=false) else '' -%}
  {%- set enforced = config.get('contract').enforced -%}
  {%- if enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
  {{ config.get('sql_header') or '' }}

  create {{ kind }} table {{ relation }}
  {{ '\n  ' ~ ('\n    \n  ' if enforced) }}
  {%- if enforced and not temporary -%}
    {{ get_table_columns_and_constraints() }} ;
    insert into {{ relation }} (
      {{ adapter.dispatch('get_column_names', 'dbt')() }}
    )
    {%- set sql = get_select_subquery(sql) %}
  {{ '\n  (\n    ' ~ sql }}
  {%- else %}
    as
  {{ '\n  (\n    ' ~ sql }}
  {%- endif %}
  );
{%- endmacro %}

{% macro postgres__get_replace_view_sql(relation, sql) -%}
  {%- set enforced = config.get('contract').enforced -%}
  {%- if enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
  {{ config.get('sql_header') or '' }}

    create or replace view {{ relation }}
        {{ '\n        ' ~ ('\n            ' if enforced) }}
    as (
        {{ sql }}
    );
{%- endmacro %}

{% macro postgres__get_replace_table_sql(relation, sql) -%}
  {%- set enforced = config.get('contract').enforced -%}
  {%- if enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
  {{ config.get('sql_header') or '' }}

    create or replace table {{ relation }}
        {{ '\n        ' ~ ('\n            \n            ' ~ get_table_columns_and_constraints() if enforced) }}
    as (
        {{ get_select_subquery(sql) if enforced else sql }}
    );
{%- endmacro %}

{% macro postgres__get_rename_view_sql(relation, new_name) %}{{ '\n    alter view ' ~ relation ~ ' rename to ' ~ new_name ~ '\n' }}{% endmacro %}

{% macro postgres__get_rename_table_sql(relation, new_name) %}{{ '\n    alter table ' ~ relation ~ ' rename to ' ~ new_name ~ '\n' }}{% endmacro %}

{% macro postgres__get_rename_materialized_view_sql(relation, new_name) %}
  {{- '\n    alter materialized view ' ~ relation ~ ' rename to ' ~ new_name ~ '\n' -}}
{% endmacro %}
