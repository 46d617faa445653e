"""Sales, their items and payments, and how they are completed"""

from kit import migrations

revision = "0005"
down_revision = "0004"

UP = """
    alter table businesses
        add column staff_discount_limit numeric(5, 2) not null default 10,
        add column manager_discount_limit numeric(5, 2) not null default 25;

    create table receipt_counters (
        business_id uuid not null,
        storefront text not null,
        business_date date not null,
        last integer not null,
        constraint receipt_counters_pkey primary key (business_id, storefront, business_date)
    ) with (fillfactor = 50);

    create table sales (
        business_id uuid not null,
        id uuid not null,
        receipt_number text not null,
        storefront text not null,
        business_date date not null,
        seller text not null,
        customer_id uuid,
        type text not null,
        status text not null,
        payment_type text not null,
        currency text not null,
        subtotal_q bigint not null,
        discount_q bigint not null,
        tax_q bigint not null,
        total_q bigint not null,
        amount_paid_q bigint not null,
        amount_due_q bigint not null,
        amount_refunded_q bigint not null,
        is_credit_sale boolean not null,
        manager_override boolean not null,
        override_reason text not null,
        override_by text not null,
        notes text not null,
        rev bigint not null,
        -- The completion that is under way; nothing else may touch the sale.
        completion_id uuid,
        -- Under which the inventory knows the units that left; empty before.
        stock_ref text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        completed_at timestamptz,
        constraint sales_pkey primary key (business_id, id),
        constraint sales_receipt_number unique (business_id, receipt_number),
        constraint sales_storefront foreign key (business_id, storefront) references storefronts (business_id, code),
        constraint sales_customer foreign key (business_id, customer_id) references customers (business_id, id),
        constraint sales_amounts check (
            least(subtotal_q, discount_q, tax_q, total_q, amount_paid_q, amount_due_q, amount_refunded_q) >= 0
        ),
        constraint sales_total check (total_q = greatest(0, subtotal_q - discount_q) + tax_q),
        constraint sales_status check (
            case status
                when 'draft' then completed_at is null and amount_paid_q = 0
                when 'pending' then amount_paid_q = 0 and amount_due_q > 0
                when 'partial' then amount_paid_q > 0 and amount_due_q > 0
                else amount_due_q = 0
            end
        )
    );
    create index sales_of_customer on sales (business_id, customer_id, id) where customer_id is not null;
    create index sales_of_day on sales (business_id, storefront, business_date);
    create index sales_owed on sales (business_id, customer_id, completed_at) where amount_due_q > 0 and is_credit_sale;

    create table sale_items (
        business_id uuid not null,
        sale_id uuid not null,
        id uuid not null,
        sku text not null,
        name text not null,
        quantity numeric(12, 3) not null,
        unit_price_q bigint not null,
        price_is_named boolean not null,
        retail_price_q bigint not null,
        wholesale_price_q bigint not null,
        unit_cost_q bigint not null,
        discount_percentage numeric(5, 2) not null,
        discount_amount_q bigint,
        discount_q bigint not null,
        base_q bigint not null,
        tax_rate numeric(5, 2) not null,
        tax_q bigint not null,
        total_q bigint not null,
        constraint sale_items_pkey primary key (business_id, sale_id, id),
        constraint sale_items_sale foreign key (business_id, sale_id) references sales (business_id, id),
        constraint sale_items_quantity check (quantity > 0),
        constraint sale_items_amounts check (least(unit_price_q, discount_q, base_q, tax_q) >= 0 and total_q = base_q + tax_q)
    );

    create table payments (
        business_id uuid not null,
        id uuid not null,
        sale_id uuid not null,
        method text not null,
        amount_q bigint not null,
        reference text not null,
        processed_by text not null,
        created_at timestamptz not null,
        constraint payments_pkey primary key (business_id, id),
        constraint payments_sale foreign key (business_id, sale_id) references sales (business_id, id),
        constraint payments_amount check (amount_q > 0)
    );
    create index payments_of_sale on payments (business_id, sale_id, id);

    -- Attempts to complete a sale: what is to become of it is settled here, whoever asks and whoever is killed meanwhile.
    create table completions (
        business_id uuid not null,
        id uuid not null,
        sale_id uuid not null,
        state text not null,
        key text not null,
        digest bytea not null,
        plan jsonb not null,
        caller jsonb not null,
        error jsonb,
        answer bytea,
        created_at timestamptz not null,
        settled_at timestamptz,
        constraint completions_pkey primary key (business_id, id),
        constraint completions_sale foreign key (business_id, sale_id) references sales (business_id, id),
        constraint completions_state check (state in ('running', 'reverting', 'done', 'refused'))
    );
    create unique index completions_key on completions (business_id, key) where key <> '';
    create unique index completions_under_way on completions (business_id, sale_id) where state in ('running', 'reverting');
    create index completions_oldest on completions (created_at) where state in ('running', 'reverting');
"""
DOWN = """
    drop table completions, payments, sale_items, sales, receipt_counters;
    alter table businesses drop column staff_discount_limit, drop column manager_discount_limit;
"""


def upgrade() -> None:
    """Makes the tables; the limits' defaults are constants and rewrite no row."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DOWN)
