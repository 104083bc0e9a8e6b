"""The channel and the writer that the settings ask for."""

from triage.settings import Settings
from triage.slack.channels import Bot, Channel, Log, Webhook
from triage.slack.text import Writer


def channel(settings: Settings) -> Channel:
    """A bot's channel, else a webhook, else the log."""
    if settings.slack_bot_token:
        return Bot(settings.slack_bot_token, settings.slack_channel, settings.slack_api_url)
    return Webhook(settings.slack_webhook_url) if settings.slack_webhook_url else Log()


def writer(settings: Settings) -> Writer:
    """Writes messages with links to our pages."""
    has_buttons = bool(settings.slack_bot_token and settings.slack_signing_secret)
    return Writer(settings.base_url or f"http://{settings.web}", has_buttons)
