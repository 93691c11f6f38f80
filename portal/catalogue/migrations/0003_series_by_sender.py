from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0002_merged_and_placed_by_hand'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='series',
            index=models.Index(fields=['calling_ae', 'sender_address'], name='series_by_sender'),
        ),
    ]
