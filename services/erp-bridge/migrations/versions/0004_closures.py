"""Closures of purchase orders"""

from kit import migrations

revision = "0004"
down_revision = "0003"

CREATE = """
    create table purchase_order_closures (
        business_id uuid not null,
        id uuid not null,
        numero_pedido text not null,
        item_pedido text not null,
        numero_nf_servico text not null,
        id_nf_servico bigint not null,
        status text not null,
        tentativas integer not null default 0,
        max_tentativas integer not null,
        mensagem_erro text not null default '',
        detalhes jsonb not null default '{}',
        may_pass boolean not null default false,
        waits_for_person boolean not null default false,
        n_cod_ped bigint,
        run uuid,
        lease_until timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        processado_em timestamptz,
        constraint purchase_order_closures_pkey primary key (business_id, id),
        constraint purchase_order_closures_status check (status in ('pending', 'processing', 'success', 'failed')),
        constraint purchase_order_closures_run check ((status = 'processing' and not waits_for_person) = (run is not null)),
        constraint purchase_order_closures_wait check (status = 'processing' or not waits_for_person)
    );
    -- One case of an order at a time, over any number of processes.
    create unique index purchase_order_closures_open on purchase_order_closures (business_id, numero_pedido, item_pedido)
        where status in ('pending', 'processing');
    create index purchase_order_closures_order on purchase_order_closures (business_id, numero_pedido, item_pedido, id);
    create index purchase_order_closures_due on purchase_order_closures (updated_at) where status <> 'success';
"""
DROP = "drop table purchase_order_closures;"


def upgrade() -> None:
    """Makes the table."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the table."""
    migrations.script(DROP)
