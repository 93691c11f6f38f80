# PostgreSQL itself keeps the trail whole: no entry is changed, and none removed before
# its time. Whoever removes what is too old says in that transaction from which moment on
# the trail is kept (portal/audit/retention.py); the last day stays whatever they say.

from django.db import migrations

REFUSE = """
CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept_from timestamptz := nullif(current_setting('imagetrove.trail_kept_from', true), '');
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.time < kept_from AND OLD.time < now() - interval '1 day' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The trail is only ever added to; % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_stays();
CREATE TRIGGER audit_entry_is_never_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_stays();
"""

ALLOW = """
DROP TRIGGER audit_entry_is_never_emptied ON audit_entry;
DROP TRIGGER audit_entry_stays ON audit_entry;
DROP FUNCTION audit_entry_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_doors_and_append_only'),
    ]

    operations = [
        migrations.RunSQL(REFUSE, ALLOW),
    ]
