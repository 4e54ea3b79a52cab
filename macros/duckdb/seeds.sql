{# A seed's file goes straight into DuckDB's own reader; the types of the columns are already decided by then. #}

{% macro duckdb__get_binding_char() %}{% do return('?') %}{% endmacro %}

{% macro duckdb__get_batch_size() %}{% do return(10000) %}{% endmacro %}

{% macro duckdb__load_csv_rows(model, agate_table) %}
  {% if not config.get('fast', true) %}{% do return(default__load_csv_rows(model, agate_table)) %}{% endif %}
  {% set sql -%}
    copy {{ this.render() }} from '{{ adapter.get_seed_file_path(model) | replace("'", "''") }}' (format csv, header true, delimiter '{{ config.get('delimiter', ',') }}')
  {%- endset %}
  {% do adapter.add_query(sql, abridge_sql_log=True) %}
  {% do return(sql) %}
{% endmacro %}
