def owner_of(owner, contacts, now, call_id):
    found = [
        c for c in contacts if c.answered and c.agent and c.at >= now - owner.within and c.call_id != call_id
    ]
    return found[-1].agent if found else None
