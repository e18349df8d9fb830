"""Settings of questions: of `serve`, and the weights of `similar --by`."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class QuestionSettings(BaseSettings):
    """Where `serve` listens, who may use it, what it accepts, and what `similar --by` means."""

    serve_host: str = Field(
        "127.0.0.1", description="Address on which `serve` listens; one that other machines can reach needs a token."
    )
    serve_port: int = Field(3001, ge=0, le=65535, description="Port on which `serve` listens; 0: any free port.")
    serve_token: SecretStr | None = Field(
        None,
        description="Token or password that callers of `serve` must send; without it, it changes no annotations.",
    )
    serve_uploads: bool = Field(
        False, description="Let callers of `serve` search by videos and songs that they upload."
    )
    upload_megabytes: float = Field(200.0, gt=0, description="Largest file that `serve` accepts, 10^6 bytes.")
    upload_seconds: float = Field(120.0, gt=0, description="Time limit of `serve` for one uploaded file, s.")

    alike_by_move: str = Field(
        "lead=1,follow=1,interaction=1", description="Weights of `similar --by move`: how the two move."
    )
    alike_by_couple: str = Field(
        "interaction=1", description="Weights of `similar --by couple`: how the two move together."
    )
    alike_by_lead: str = Field("lead=1", description="Weights of `similar --by lead`: how the lead moves.")
    alike_by_follow: str = Field("follow=1", description="Weights of `similar --by follow`: how the follow moves.")
    alike_by_music: str = Field("audio=1", description="Weights of `similar --by music`: how the music sounds.")
    alike_by_words: str = Field("text=1", description="Weights of `similar --by words`: what the annotation says.")
    alike_by_everything: str = Field(
        "lead=1,follow=1,interaction=1,audio=1,text=1", description="Weights of `similar --by everything`."
    )
