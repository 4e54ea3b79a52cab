-- A sale cannot have been changed before it was made.
select sale_id, sold_at, updated_at
from {{ ref('fct_sales') }}
where updated_at < sold_at
