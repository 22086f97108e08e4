"""The front end's own tables: Slack's installations, as slack_sdk defines them, and files at Slack."""

from datetime import datetime

from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables import Base

BOTS = SQLAlchemyInstallationStore.build_bots_table(Base.metadata, "slack_bots")
INSTALLATIONS = SQLAlchemyInstallationStore.build_installations_table(Base.metadata, "slack_installations")
STATES = SQLAlchemyOAuthStateStore.build_oauth_states_table(Base.metadata, "slack_oauth_states")


class SlackFileRow(Base):
    """A picture file that the app uploaded, until it is deleted at Slack.

    `subject` is what it stands for: a job, a case, a picture on the starboard, or one below a link. `digest` is that of
    its bytes, empty while it is on its way. A `passing` file is looked at once, the others stay in their message.
    From `unwanted_at` on it is to be deleted; None: it is still wanted.
    """

    __tablename__ = "slack_files"
    __table_args__ = (
        Index("ix_slack_files_subject", "subject"),
        Index("ix_slack_files_unwanted_at", "unwanted_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    community: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), default="")
    passing: Mapped[bool]
    uploaded_at: Mapped[datetime]
    unwanted_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)


class SlackDepartureRow(Base):
    """A workspace, or an organisation with all of its workspaces, that removed the app; until its records are erased.

    `community` is ``T…`` or ``E…:``. `claimed_until`: a process erases them.
    """

    __tablename__ = "slack_departures"

    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    left_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
