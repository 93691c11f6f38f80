# An entry says by which door, on whose behalf and about which experiment; and it has
# nothing that would have to be changed when an account goes.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('audit', '0003_what_is_forgotten'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='entry',
            options={'ordering': ['-pk'], 'verbose_name_plural': 'entries'},
        ),
        migrations.AddField(
            model_name='entry',
            name='door',
            field=models.CharField(blank=True, choices=[('page', 'page'), ('api', 'API'), ('dicomweb', 'DICOMweb'), ('command_line', 'command line'), ('ingest', 'ingest'), ('job', 'background job'), ('administration', 'administration')], max_length=20),
        ),
        migrations.AddField(
            model_name='entry',
            name='experiment_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='on_behalf_of',
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AlterField(
            model_name='entry',
            name='action',
            field=models.CharField(choices=[('sign_in', 'signed in'), ('sign_in_failed', 'failed to sign in'), ('sign_in_refused', 'was refused at sign-in'), ('locked_out', 'was locked out'), ('sign_out', 'signed out'), ('password_changed', 'changed a password'), ('factor_added', 'added a second factor'), ('factor_removed', 'removed a second factor'), ('identity_bound', 'bound an identity'), ('identity_collision', 'brought an identity of another'), ('invite', 'invited'), ('key_made', 'made a key'), ('key_revoked', 'revoked a key'), ('view', 'looked at'), ('search', 'searched'), ('download', 'downloaded'), ('export', 'exported'), ('grant', 'gave access'), ('end_grant', 'took access away'), ('share', 'shared by a link'), ('enrol', 'put into a project'), ('withdraw', 'took out of a project'), ('change', 'changed'), ('delete', 'deleted'), ('forget', 'had it forgotten'), ('administration', 'administered'), ('expire', 'removed what was too old')], max_length=20),
        ),
        migrations.AlterField(
            model_name='entry',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['user', '-id'], name='entry_of_a_person'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['experiment_id', '-id'], name='entry_of_an_experiment'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('user', None)), fields=['username'], name='entry_of_a_name'),
        ),
    ]
