{# An amount as whole cents, so that sums stay exact. #}
{% macro cents(amount) -%}
cast(round({{ amount }} * 100) as bigint)
{%- endmacro %}
