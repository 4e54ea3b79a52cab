{# Columns, comments and privileges: what the catalogue says and what is written to it. #}

{% macro postgres__get_columns_in_relation(relation) -%}
  {% call statement('get_columns_in_relation', fetch_result=true) %}
    select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
    from {{ relation.information_schema('columns') }}
    where table_name = '{{ relation.identifier }}'
      {% if relation.schema %}and table_schema = '{{ relation.schema }}'{% endif %}
    order by ordinal_position
  {% endcall %}
  {% do return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) %}
{% endmacro %}

{# Text between dollar quotes needs no escapes. #}
{% macro postgres_escape_comment(comment) -%}
  {%- if comment is not string -%}
    {%- do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) -%}
  {%- endif -%}
  {%- set delimiter = '$dbt_comment_literal_block$' -%}
  {%- if delimiter in comment -%}
    {%- do exceptions.raise_compiler_error('The string ' ~ delimiter ~ ' is not allowed in comments.') -%}
  {%- endif -%}
  {{ delimiter }}{{ comment }}{{ delimiter }}
{%- endmacro %}

{% macro postgres__alter_relation_comment(relation, comment) -%}
  comment on {{ relation.type | replace('_', ' ') }} {{ relation }} is {{ postgres_escape_comment(comment) }};
{%- endmacro %}

{% macro postgres__alter_column_comment(relation, column_dict) -%}
  {%- set existing = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
  {%- for name in column_dict if name in existing %}
  comment on column {{ relation }}.{{ adapter.quote(name) if column_dict[name]['quote'] else name }} is {{ postgres_escape_comment(column_dict[name]['description']) }};
  {%- endfor -%}
{%- endmacro %}

{# Only what this role has granted to others. #}
{% macro postgres__get_show_grant_sql(relation) -%}
  select grantee, privilege_type
  from {{ relation.information_schema('role_table_grants') }}
  where grantor = current_role and grantee != current_role
    and table_schema = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
{%- endmacro %}

{# A relation that is built anew has nobody's privileges. #}
{% macro postgres__copy_grants() %}{% do return(false) %}{% endmacro %}
