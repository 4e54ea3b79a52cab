{# How SQL reaches the engine. `statement` sends its body and keeps the result under a name; `main` is the statement that a
   node is about: it is written to target/run and its answer is the node's message. #}

{% macro statement(name=none, fetch_result=false, auto_begin=true, language='sql') -%}
  {%- if execute -%}
    {%- if language != 'sql' -%}
      {%- do exceptions.raise_compiler_error('statement: language `' ~ language ~ '` is not supported') -%}
    {%- endif -%}
    {%- set body = caller() -%}
    {%- if name == 'main' -%}{%- do write(body) -%}{%- endif -%}
    {%- set response, table = adapter.execute(body, auto_begin=auto_begin, fetch=fetch_result) -%}
    {%- if name is not none -%}{%- do store_result(name, response=response, agate_table=table) -%}{%- endif -%}
  {%- endif -%}
{%- endmacro %}

{# The same bookkeeping for work that was done some other way, such as a bulk load. #}
{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
  {%- set body = caller() -%}
  {%- if name == 'main' -%}{%- do write(body) -%}{%- endif -%}
  {%- if name is not none -%}
    {%- do store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) -%}
  {%- endif -%}
{%- endmacro %}

{% macro run_query(sql) %}
  {%- call statement('run_query_statement', fetch_result=true, auto_begin=false) -%}{{ sql }}{%- endcall -%}
  {% do return(load_result('run_query_statement').table) %}
{% endmacro %}
