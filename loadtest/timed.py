"""Any caller's scenario, begun at a moment that the list of callers gives. Pure text."""

import re

from loadtest.errors import LoadtestError

_WAIT = """
  <!-- Wait until the moment in the second field, in seconds since 1970: SIPp's own rate knows no moments, and
       forgets the part of a call that was due whenever it is changed. A pause must not be negative: it would
       last for ever. -->
  <nop>
    <action>
      <assignstr assign_to="due_text" value="[field1]"/>
      <todouble assign_to="due" variable="due_text"/>
      <gettimeofday assign_to="now_s,now_us"/>
      <subtract assign_to="due" variable="now_s"/>
      <multiply assign_to="due" value="1000"/>
      <divide assign_to="now_us" value="1000"/>
      <subtract assign_to="due" variable="now_us"/>
      <test assign_to="late" variable="due" compare="less_than" value="1"/>
    </action>
  </nop>
  <nop next="due" test="late"/>
  <pause variable="due"/>
  <label id="due"/>
  <nop>
    <action>
      <log message="[timestamp]|placed|[field0]|[call_id]"/>
    </action>
  </nop>
"""


class NoScenario(LoadtestError):
    """A text that is no scenario of SIPp."""


def timed(scenario: str) -> str:
    """The scenario, begun when the caller's second field says, and with a line ``placed`` in its log.

    Raises:
        NoScenario: there is no place to put it.
    """
    found = re.search(r"<scenario[^>]*>", scenario)
    if found is None:
        raise NoScenario("there is no element scenario")
    return scenario[: found.end()] + _WAIT + scenario[found.end() :]
