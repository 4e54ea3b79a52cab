select
    st.store_id,
    st.store,
    st.region,
    count(*) as sales,
    sum(s.total_amount) as revenue,
    count(distinct s.customer_id) as customers
from {{ ref('fct_sales') }} s
join {{ ref('stores') }} st using (store_id)
group by all
