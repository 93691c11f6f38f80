import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('sharing', '0001_first'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MailChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('invitation', 'somebody invites me'), ('account', 'something about how I sign in changes, or I ask for it'), ('collision', 'an identity meets an account that is not its own'), ('shared', 'somebody shares an experiment with me'), ('ending', 'my access to an experiment is about to end'), ('parked', 'scans arrive that fit nowhere, and wait for a decision'), ('health', 'the box needs somebody: a full disk, a program that is down')], max_length=12)),
                ('off', models.BooleanField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'kind'), name='mailchoice_once_per_kind')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('invitation', 'somebody invites me'), ('account', 'something about how I sign in changes, or I ask for it'), ('collision', 'an identity meets an account that is not its own'), ('shared', 'somebody shares an experiment with me'), ('ending', 'my access to an experiment is about to end'), ('parked', 'scans arrive that fit nowhere, and wait for a decision'), ('health', 'the box needs somebody: a full disk, a program that is down')], max_length=12)),
                ('occasion', models.CharField(max_length=200, unique=True)),
                ('address', models.CharField(max_length=254)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField(blank=True)),
                ('made_time', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_time', models.DateTimeField(default=django.utils.timezone.now)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, max_length=1000)),
                ('sent_time', models.DateTimeField(blank=True, null=True)),
                ('given_up_time', models.DateTimeField(blank=True, null=True)),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('given_up_time', None), ('sent_time', None)), fields=['due_time'], name='message_waiting'), models.Index(condition=models.Q(('given_up_time', None), _negated=True), fields=['given_up_time'], name='message_given_up')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sent_time', None), ('given_up_time', None), _connector='OR'), name='message_has_one_end')],
            },
        ),
        migrations.CreateModel(
            name='News',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('invitation', 'somebody invites me'), ('account', 'something about how I sign in changes, or I ask for it'), ('collision', 'an identity meets an account that is not its own'), ('shared', 'somebody shares an experiment with me'), ('ending', 'my access to an experiment is about to end'), ('parked', 'scans arrive that fit nowhere, and wait for a decision'), ('health', 'the box needs somebody: a full disk, a program that is down')], max_length=12)),
                ('occasion', models.CharField(max_length=200, unique=True)),
                ('by_name', models.CharField(blank=True, max_length=310)),
                ('made_time', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_time', models.DateTimeField(blank=True, null=True)),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sharing.grant')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'news',
                'indexes': [models.Index(condition=models.Q(('done_time', None)), fields=['made_time'], name='news_waiting')],
            },
        ),
    ]
