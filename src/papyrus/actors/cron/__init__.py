"""The cron actor."""
