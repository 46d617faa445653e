"""Orders are found by the beginnings of their words: as quickly among a million as among ten thousand"""

from kit import migrations

revision = "0013"
down_revision = "0012"

# The words themselves and, of those with signs in them, their parts, each after a mark of the business (domain/search.py).
CHANGE = r"""
    alter table order_search add column words tsvector not null default ''::tsvector;
    update order_search s set words = array_to_tsvector(array(
        select distinct right(replace(s.business_id::text, '-', ''), 12) || '/' || left(word, 100) from (
            select unnest(string_to_array(regexp_replace(s.text, '\s+', ' ', 'g'), ' ')) as word
            union select unnest(regexp_split_to_array(s.text, '[^[:alnum:]]+'))
        ) as found where word <> ''
    ));
    alter table order_search alter column words drop default;
    alter table order_search drop column text;
    drop extension pg_trgm;
"""
# What waits to be sorted into the index is read by every search, and one commit in many sorts it in: little at a time.
INDEX = """
    create index order_search_words on order_search using gin (words) with (gin_pending_list_limit = 512)
"""
BACK = r"""
    create extension if not exists pg_trgm;
    alter table order_search add column text text not null default '';
    update order_search set text = regexp_replace(array_to_string(tsvector_to_array(words), ' '), '(^| )[0-9a-f]{12}/', '\1', 'g');
    alter table order_search alter column text drop default;
    alter table order_search drop column words;
    create index order_search_text on order_search using gin (text gin_trgm_ops) with (gin_pending_list_limit = 512);
"""


def upgrade() -> None:
    """Turns texts into words."""
    migrations.script(CHANGE, INDEX)


def downgrade() -> None:
    """Turns words into texts."""
    migrations.script(BACK)
