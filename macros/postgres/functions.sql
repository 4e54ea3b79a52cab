{# Arguments of functions, with what stands for those that are not given. #}
{% macro postgres__formatted_scalar_function_args_sql() %}
    {% set arguments = [] %}
    {% for argument in model.arguments -%}
      {%- set otherwise = argument.get('default_value', none) -%}
      {%- do arguments.append(argument.name ~ ' ' ~ argument.data_type ~ (' DEFAULT ' ~ otherwise if otherwise is not none else '')) %}
        {% endfor %}
    {{ arguments | join(', ') }}
{% endmacro %}
