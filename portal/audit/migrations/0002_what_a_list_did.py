from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_first'),
    ]

    operations = [
        migrations.AddField(
            model_name='entry',
            name='detail',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name='entry',
            name='action',
            field=models.CharField(choices=[('sign_in', 'signed in'), ('sign_in_failed', 'failed to sign in'), ('sign_out', 'signed out'), ('download', 'downloaded'), ('grant', 'gave access'), ('end_grant', 'took access away'), ('enrol', 'put into a project'), ('withdraw', 'took out of a project')], max_length=20),
        ),
    ]
