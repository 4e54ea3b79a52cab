{# Text functions. #}
{% macro concat(fields) -%}{{ return(adapter.dispatch('concat', 'dbt')(fields)) }}{%- endmacro %}
{% macro default__concat(fields) -%}{{ fields | join(' || ') }}{%- endmacro %}

{% macro hash(field) -%}{{ return(adapter.dispatch('hash', 'dbt')(field)) }}{%- endmacro %}
{% macro default__hash(field) -%}md5(cast({{ field }} as {{ api.Column.translate_type('string') }})){%- endmacro %}

{# A function with each argument on a line of its own, as dbt writes several of them. #}
{% macro dbt_call_on_lines(name, arguments) -%}
  {{ return('\n\n    ' ~ name ~ '(\n        ' ~ arguments | join(',\n        ') ~ '\n    )') }}
{%- endmacro %}

{% macro length(expression) -%}{{ return(adapter.dispatch('length', 'dbt')(expression)) }}{%- endmacro %}
{% macro default__length(expression) -%}{{ dbt_call_on_lines('length', [expression]) }}{%- endmacro %}

{% macro position(substring_text, string_text) -%}{{ return(adapter.dispatch('position', 'dbt')(substring_text, string_text)) }}{%- endmacro %}
{% macro default__position(substring_text, string_text) -%}
  {{ dbt_call_on_lines('position', [substring_text ~ ' in ' ~ string_text]) }}
{%- endmacro %}

{% macro replace(field, old_chars, new_chars) -%}{{ return(adapter.dispatch('replace', 'dbt')(field, old_chars, new_chars)) }}{%- endmacro %}
{% macro default__replace(field, old_chars, new_chars) -%}
  {{ dbt_call_on_lines('replace', [field, old_chars, new_chars]) ~ '\n\n\n' }}
{%- endmacro %}

{% macro right(string_text, length_expression) -%}{{ return(adapter.dispatch('right', 'dbt')(string_text, length_expression)) }}{%- endmacro %}
{% macro default__right(string_text, length_expression) -%}
  {{ dbt_call_on_lines('right', [string_text, length_expression]) }}
{%- endmacro %}

{% macro split_part(string_text, delimiter_text, part_number) -%}
  {{ return(adapter.dispatch('split_part', 'dbt')(string_text, delimiter_text, part_number)) }}
{%- endmacro %}
{% macro default__split_part(string_text, delimiter_text, part_number) -%}
  {{ '\n\n    split_part(\n        ' ~ [string_text, delimiter_text, part_number] | join(',\n        ') ~ '\n        )\n\n' }}
{%- endmacro %}

{# Counted from the end, as one more than there are delimiters, less. #}
{% macro _split_part_negative(string_text, delimiter_text, part_number) -%}
  {%- set text = string_text -%}
  {{ '\n\n    split_part(\n        ' ~ text ~ ',\n        ' ~ delimiter_text ~ ',\n          length(' ~ text ~ ')\n          - length(\n'
     ~ '              replace(' ~ text ~ ',  ' ~ delimiter_text ~ ", '')\n          ) + 2 + " ~ part_number ~ '\n        )\n\n' }}
{%- endmacro %}

{% macro string_literal(value) -%}{{ return(adapter.dispatch('string_literal', 'dbt')(value)) }}{%- endmacro %}
{# The text is put between quotes as it is; see escape_single_quotes. #}
{% macro default__string_literal(value) -%}'{{ value }}'{%- endmacro %}

{% macro escape_single_quotes(expression) -%}{{ return(adapter.dispatch('escape_single_quotes', 'dbt')(expression)) }}{%- endmacro %}
{% macro default__escape_single_quotes(expression) -%}{{ expression | replace("'", "''") }}{%- endmacro %}
