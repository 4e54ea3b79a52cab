{# Indexes: `indexes: [{columns: [...], unique: true, type: hash}]`. #}

{% macro postgres__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {{ 'unique' if index.unique }} index if not exists
  "{{ index.render(relation) }}"
  on {{ relation }} {{ 'using ' ~ index.type if index.type }}
  ({{ index.columns | join(', ') }})
{%- endmacro %}

{% macro postgres__get_drop_index_sql(relation, index_name) -%}
    drop index if exists "{{ relation.schema }}"."{{ index_name }}"
{%- endmacro %}

{# Name, method, uniqueness and columns of each. #}
{% macro postgres__get_show_indexes_sql(relation) %}
    select entry.relname as name, method.amname as method, index.indisunique as "unique",
      array_to_string(array_agg(field.attname), ',') as column_names
    from pg_index as index
    join pg_class as entry on entry.oid = index.indexrelid
    join pg_am as method on method.oid = entry.relam
    join pg_class as owner on owner.oid = index.indrelid and owner.relkind in ('r', 'm')
    join pg_namespace as owner_schema on owner_schema.oid = owner.relnamespace
    join pg_attribute as field on field.attrelid = owner.oid and field.attnum = any(index.indkey)
    where owner.relname = '{{ relation.identifier }}' and owner_schema.nspname = '{{ relation.schema }}'
    group by 1, 2, 3
    order by 1, 2, 3
{% endmacro %}
