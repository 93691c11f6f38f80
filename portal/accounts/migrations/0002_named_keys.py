# Keys have a name, a scope, a last day and a last use, and accounts may be for keys only.
# Keys that are there go on as they are: called "key", and allowed what their person is.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_first'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='is_service',
            field=models.BooleanField(default=False, verbose_name='service account, keys only'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('is_service', False), models.Q(('email', ''), ('is_staff', False), ('is_superuser', False), ('password__startswith', '!')), _connector='OR'), name='user_service_cannot_sign_in', violation_error_message='A service account has no password and no e-mail address, and administers nothing.'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='name',
            field=models.CharField(default='key', max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='apikey',
            name='scope',
            field=models.CharField(choices=[('read', 'read'), ('write', 'read and change')], default='write', max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='apikey',
            name='experiment',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='expires',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='prefix',
            field=models.CharField(blank=True, max_length=6),
        ),
        migrations.AddField(
            model_name='apikey',
            name='last_used_address',
            field=models.GenericIPAddressField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='revoked_time',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(('scope__in', ['read', 'write'])), name='apikey_scope_is_known'),
        ),
    ]
