"""Settings of those who ask: of `serve`, and of the weights by which clips are alike."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class QuestionSettings(BaseSettings):
    """Where `serve` listens, whom it lets in, what it takes, and what `similar --by` means."""

    serve_host: str = Field(
        "127.0.0.1", description="Address that `serve` listens on; any but this machine's own needs a token."
    )
    serve_port: int = Field(3001, ge=0, le=65535, description="Port that `serve` listens on; 0 is any that is free.")
    serve_token: SecretStr | None = Field(
        None,
        description="What callers of `serve` send as their token or password, and what lets them change annotations.",
    )
    serve_uploads: bool = Field(False, description="Let callers of `serve` ask by videos and songs that they send.")
    upload_megabytes: float = Field(200.0, gt=0, description="Largest file that `serve` takes, 10^6 bytes.")
    upload_seconds: float = Field(120.0, gt=0, description="Longest time that `serve` works on a file, s.")

    alike_by_move: str = Field(
        "lead=1,follow=1,interaction=1", description="Weights of `similar --by move`: how the two move."
    )
    alike_by_couple: str = Field(
        "interaction=1", description="Weights of `similar --by couple`: how the two move together."
    )
    alike_by_lead: str = Field("lead=1", description="Weights of `similar --by lead`: how the leader moves.")
    alike_by_follow: str = Field("follow=1", description="Weights of `similar --by follow`: how the follower moves.")
    alike_by_music: str = Field("audio=1", description="Weights of `similar --by music`: how the music sounds.")
    alike_by_words: str = Field("text=1", description="Weights of `similar --by words`: what the annotation says.")
    alike_by_everything: str = Field(
        "lead=1,follow=1,interaction=1,audio=1,text=1", description="Weights of `similar --by everything`."
    )
