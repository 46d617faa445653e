"""The ledger of effects, and transfers of attachments"""

from kit import migrations

revision = "0003"
down_revision = "0002"

CREATE = """
    create table effects (
        business_id uuid not null,
        kind text not null,
        code text not null,
        subject text not null,
        intent jsonb not null,
        state text not null,
        attempts integer not null,
        last_answer jsonb,
        error text not null default '',
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint effects_pkey primary key (business_id, kind, code),
        constraint effects_state check (state in ('pending', 'sent', 'confirmed', 'in_doubt', 'failed', 'needs_person'))
    );
    create index effects_subject on effects (business_id, subject);
    create index effects_open on effects (updated_at) where state in ('pending', 'sent', 'in_doubt');

    create table attachment_maps (
        business_id uuid not null,
        origem_tabela text not null,
        origem_id bigint not null,
        destino_tabela text not null,
        destino_id bigint not null,
        numero_nf text not null,
        created_at timestamptz not null,
        constraint attachment_maps_pkey primary key (business_id, origem_tabela, origem_id, destino_tabela, destino_id)
    );

    create table attachment_transfers (
        business_id uuid not null,
        id uuid not null,
        origem_tabela text not null,
        origem_id bigint not null,
        destino_tabela text not null,
        destino_id bigint not null,
        numero_nf text not null,
        status text not null,
        tentativas integer not null default 0,
        max_tentativas integer not null,
        anexos_transferidos jsonb not null default '[]',
        total_anexos integer not null default 0,
        mensagem_erro text not null default '',
        detalhes jsonb not null default '{}',
        may_pass boolean not null default false,
        run uuid,
        lease_until timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        processado_em timestamptz,
        constraint attachment_transfers_pkey primary key (business_id, id),
        constraint attachment_transfers_status check (status in ('pending', 'processing', 'success', 'failed')),
        constraint attachment_transfers_run check ((status = 'processing') = (run is not null))
    );
    -- One transfer of a pair at a time, over any number of processes.
    create unique index attachment_transfers_open
        on attachment_transfers (business_id, origem_tabela, origem_id, destino_tabela, destino_id)
        where status in ('pending', 'processing');
    create index attachment_transfers_pair
        on attachment_transfers (business_id, origem_tabela, origem_id, destino_tabela, destino_id, id);
    create index attachment_transfers_due on attachment_transfers (updated_at) where status <> 'success';
"""
DROP = "drop table attachment_transfers, attachment_maps, effects;"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
