"""A plugin of Noontide in Python. What is imported here is kept in the component; a call cannot import more."""

from dataclasses import dataclass

from noontide import Call, InvalidInput, handler, plugin

plugin(name="noontide-template", version="0.1.0", summary="Greets, and counts how often.")


@dataclass
class Input:
    """Whom to greet.

    name: Who is greeted.
    """

    name: str


@handler(summary="Greets somebody by name.", example={"name": "Ada"}, timeout="30s")
def greet(call: Call, input: Input) -> dict:
    if not input.name.strip():
        raise InvalidInput("the name is empty")
    times = call.state.get("greeted", 0) + 1
    call.state.set("greeted", times)
    call.info("greeting", name=input.name, due_at=call.due_at.isoformat())
    return {"greeting": f"Hello, {input.name}!", "times": times}
