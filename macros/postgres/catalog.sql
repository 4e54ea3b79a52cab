{# The catalog: what is there for good, with columns, comments and owners. #}

{% macro postgres__get_catalog_relations(information_schema, relations) -%}
  {%- do adapter.verify_database(information_schema.database) -%}
  {%- set wanted = [] -%}
  {%- for relation in relations -%}
    {%- set name = " and upper(kept.relname) = upper('" ~ relation.identifier ~ "')" if relation.identifier else '' -%}
    {%- do wanted.append("(upper(home.nspname) = upper('" ~ relation.schema ~ "')" ~ name ~ ')') -%}
  {%- endfor -%}
  {%- call statement('catalog', fetch_result=true) -%}
    select
      '{{ information_schema.database }}' as table_database,
      home.nspname as table_schema,
      kept.relname as table_name,
      case kept.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end as table_type,
      obj_description(kept.oid, 'pg_class') as table_comment,
      field.attname as column_name,
      field.attnum as column_index,
      format_type(field.atttypid, field.atttypmod) as column_type,
      col_description(kept.oid, field.attnum) as column_comment,
      pg_get_userbyid(kept.relowner) as table_owner
    from pg_namespace as home
    join pg_class as kept on kept.relnamespace = home.oid
      and kept.relpersistence in ('p', 'u') and kept.relkind in ('r', 'v', 'f', 'p', 'm')
    join pg_attribute as field on field.attrelid = kept.oid and field.attnum > 0 and not field.attisdropped
    where not pg_is_other_temp_schema(home.oid) and ({{ wanted | join(' or ') or 'false' }})
    order by home.nspname, kept.relname, field.attnum
  {%- endcall -%}
  {{ return(load_result('catalog').table) }}
{%- endmacro %}

{% macro postgres__get_catalog(information_schema, schemas) -%}
  {%- set relations = [] -%}
  {%- for schema in schemas -%}{%- do relations.append({'schema': schema}) -%}{%- endfor -%}
  {{ return(postgres__get_catalog_relations(information_schema, relations)) }}
{%- endmacro %}
