-- What broke a business rule, kept and explained. Values that did not fit their type are in sales.<region>__quarantine.
select region, sale_date, reject_reason, sale_id, store_id, sold_at, quantity, unit_price, total_amount, batch_id
from {{ ref('int_sales_checked') }}
where reject_reason is not null
