"""What a running Asterisk 22.10.1 sent, word for word.

Taken from its AMI while SIPp played callers and the member of a queue, with ``timestampevents = yes`` and
``channelvars`` as in asterisk_conf/manager.conf.
"""

import re

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def packet(text: str) -> bytes:
    """The bytes of packets written with plain line ends and without the last blank line."""
    return text.strip("\n").replace("\n", "\r\n").encode() + b"\r\n\r\n"


CHALLENGE = """
Response: Success
ActionID: 1
Challenge: 162789441
"""
ACCEPTED = """
Response: Success
ActionID: 2
Message: Authentication accepted
"""
REFUSED = """
Response: Error
ActionID: 2
Message: Authentication failed
"""
PONG = """
Response: Success
ActionID: 3
Ping: Pong
Timestamp: 1795468169.923284
"""
JOINED = """
Event: QueueCallerJoin
Privilege: agent,all
Timestamp: 1795468683.584086
Channel: PJSIP/trunk-0000000a
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: 13800138000
CallerIDName: senior
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: en
AccountCode:\x20
Context: inbound
Exten: 10010
Priority: 6
Uniqueid: 1795468683.10
Linkedid: 1795468683.10
ChanVariable: IVR_DNIS=10010
ChanVariable: IVR_HOTLINE=10010
ChanVariable: IVR_RULE=senior-direct
ChanVariable: IVR_SEGMENT=senior
ChanVariable: IVR_QUEUE=elder-care
ChanVariable: IVR_POLICY=10010@0123456789ab
ChanVariable: IVR_KEY=
ChanVariable: CHANNEL(hangupsource)=
Queue: elder-care
Position: 1
Count: 1
"""
"""A caller has joined a queue."""
ANSWERED = """
Event: AgentConnect
Privilege: agent,all
Timestamp: 1795468683.588064
Channel: PJSIP/trunk-0000000a
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: 13800138000
CallerIDName: senior
ConnectedLineNum: 10010
ConnectedLineName: <unknown>
Language: en
AccountCode:\x20
Context: inbound
Exten: 10010
Priority: 6
Uniqueid: 1795468683.10
Linkedid: 1795468683.10
ChanVariable: IVR_DNIS=10010
ChanVariable: IVR_HOTLINE=10010
ChanVariable: IVR_RULE=senior-direct
ChanVariable: IVR_SEGMENT=senior
ChanVariable: IVR_QUEUE=elder-care
ChanVariable: IVR_POLICY=10010@0123456789ab
ChanVariable: IVR_KEY=
ChanVariable: CHANNEL(hangupsource)=
DestChannel: PJSIP/agent1-0000000b
DestChannelState: 6
DestChannelStateDesc: Up
DestCallerIDNum: 10010
DestCallerIDName: <unknown>
DestConnectedLineNum: 13800138000
DestConnectedLineName: senior
DestLanguage: en
DestAccountCode:\x20
DestContext: none
DestExten: 10010
DestPriority: 1
DestUniqueid: 1795468683.11
DestLinkedid: 1795468683.10
DestChanVariable: IVR_DNIS=
DestChanVariable: IVR_HOTLINE=
DestChanVariable: IVR_RULE=
DestChanVariable: IVR_SEGMENT=
DestChanVariable: IVR_QUEUE=
DestChanVariable: IVR_POLICY=
DestChanVariable: IVR_KEY=
DestChanVariable: CHANNEL(hangupsource)=
Queue: elder-care
Interface: PJSIP/agent1
MemberName: Wang Fang
HoldTime: 0
RingTime: 0
"""
"""A member of the queue has answered; the second channel is the member's."""
HUNG_UP = """
Event: QueueCallerAbandon
Privilege: agent,all
Timestamp: 1795468689.610350
Channel: PJSIP/trunk-0000000c
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: 13800138000
CallerIDName: senior
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: en
AccountCode:\x20
Context: inbound
Exten: 10010
Priority: 6
Uniqueid: 1795468687.12
Linkedid: 1795468687.12
ChanVariable: IVR_DNIS=10010
ChanVariable: IVR_HOTLINE=10010
ChanVariable: IVR_RULE=senior-direct
ChanVariable: IVR_SEGMENT=senior
ChanVariable: IVR_QUEUE=elder-care
ChanVariable: IVR_POLICY=10010@0123456789ab
ChanVariable: IVR_KEY=
ChanVariable: CHANNEL(hangupsource)=PJSIP/trunk-0000000c
Queue: elder-care
Position: 1
OriginalPosition: 1
HoldTime: 2
"""
"""The caller hung up after two seconds of waiting."""
TIMED_OUT = """
Event: QueueCallerAbandon
Privilege: agent,all
Timestamp: 1795468694.632046
Channel: PJSIP/trunk-0000000e
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: <unknown>
CallerIDName: senior
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: en
AccountCode:\x20
Context: inbound
Exten: 10010
Priority: 6
Uniqueid: 1795468690.14
Linkedid: 1795468690.14
ChanVariable: IVR_DNIS=10010
ChanVariable: IVR_HOTLINE=10010
ChanVariable: IVR_RULE=senior-direct
ChanVariable: IVR_SEGMENT=senior
ChanVariable: IVR_QUEUE=elder-care
ChanVariable: IVR_POLICY=10010@0123456789ab
ChanVariable: IVR_KEY=
ChanVariable: CHANNEL(hangupsource)=
Queue: elder-care
Position: 1
OriginalPosition: 1
HoldTime: 4
"""
"""Nobody hung up: the four seconds that Queue() was given were over. The caller's number is withheld."""
CANCELLED = """
Event: QueueCallerAbandon
Privilege: agent,all
Timestamp: 1795468703.161556
Channel: PJSIP/trunk-00000010
ChannelState: 4
ChannelStateDesc: Ring
CallerIDNum: 13800138000
CallerIDName: <unknown>
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: en
AccountCode:\x20
Context: inbound
Exten: 20020
Priority: 3
Uniqueid: 1795468700.16
Linkedid: 1795468700.16
ChanVariable: IVR_DNIS=10010
ChanVariable: IVR_HOTLINE=
ChanVariable: IVR_RULE=
ChanVariable: IVR_SEGMENT=
ChanVariable: IVR_QUEUE=
ChanVariable: IVR_POLICY=
ChanVariable: IVR_KEY=
ChanVariable: CHANNEL(hangupsource)=PJSIP/trunk-00000010
Queue: waiting
Position: 1
OriginalPosition: 1
HoldTime: 3
"""
"""The caller hung up before the call was answered (SIP CANCEL), on the default route."""
FORGED = """
Event: QueueCallerAbandon
Privilege: agent,all
Channel: PJSIP/trunk-00000008
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: 1380
Linkedid: x

Event: AgentConnect
Queue: vip
CallerIDName: Eve
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: en
AccountCode:\x20
Context: inbound
Exten: 10010
Priority: 5
Uniqueid: 1795468374.8
Linkedid: 1795468374.8
ChanVariable: IVR_HOTLINE=10010
ChanVariable: IVR_ANI=1380\\r\\nLinkedid: x\\r\\n\\r\\nEvent: AgentConnect\\r\\nQueue: vip
ChanVariable: CHANNEL(hangupsource)=PJSIP/trunk-00000008
Queue: elder-care
Position: 1
OriginalPosition: 1
HoldTime: 2
"""
"""
The caller's number was 1380%0D%0ALinkedid:%20x%0D%0A%0D%0AEvent:%20AgentConnect%0D%0AQueue:%20vip, and the
dialplan did not clean it: one event of the switch has become two packets.
"""


def summary(number: str = "3", **changed: str) -> str:
    """What the switch answers to QueueSummary, with some lines of the first queue changed."""
    text = SUMMARY
    for key, value in changed.items():
        text = re.sub(f"^{key}: .*$", f"{key}: {value}", text, count=1, flags=re.MULTILINE)
    return text.replace("ActionID: 7", f"ActionID: {number}")


SUMMARY = """
Response: Success
ActionID: 7
EventList: start
Message: Queue summary will follow

Event: QueueSummary
Queue: general-queue
LoggedIn: 30
Available: 2
Callers: 3
HoldTime: 12
TalkTime: 95
LongestHoldTime: 41
ActionID: 7

Event: QueueSummary
Queue: vip
LoggedIn: 16
Available: 16
Callers: 0
HoldTime: 0
TalkTime: 0
LongestHoldTime: 0
ActionID: 7

Event: QueueSummaryComplete
ActionID: 7
EventList: Complete
ListItems: 2
"""
"""Two of seven queues; two agents of the first one still write down what the last caller said."""
READY = """
Response: Success
ActionID: 4
Variable: QUEUE_MEMBER(general-queue,ready)
Value: 0
"""
FORBIDDEN = """
Response: Error
ActionID: 4
Message: Permission denied
"""
MEMBER_PAUSED = """
Event: QueueMemberPause
Privilege: agent,all
Timestamp: 1795800102.196231
SystemName: ivr10000
Queue: general-queue
MemberName: general-1
Interface: PJSIP/general-1
StateInterface: PJSIP/general-1
Membership: static
Penalty: 0
CallsTaken: 3
LastCall: 1795468600
LastPause: 1795800102
LoginTime: 1795800101
InCall: 0
Status: 1
Paused: 1
PausedReason: lunch
Ringinuse: 0
Wrapuptime: 0
"""
"""Somebody has a member paused, with a reason."""
COMPLETED = (
    ANSWERED.replace("Event: AgentConnect", "Event: AgentComplete")
    .replace("Timestamp: 1795468683.588064", "Timestamp: 1795468693.120934")
    .replace("HoldTime: 0\nRingTime: 0", "HoldTime: 0\nTalkTime: 10\nReason: agent")
)
"""The member has hung up: the lines of AgentConnect, but for the last two."""
MEMBERS = """
Response: Success
ActionID: 7
EventList: start
Message: Queue status will follow

Event: QueueParams
Queue: vip
Max: 0
Strategy: leastrecent
Calls: 1
Holdtime: 0
TalkTime: 0
Completed: 0
Abandoned: 0
ServiceLevel: 15
ServicelevelPerf: 0.0
ServicelevelPerf2: 0.0
Weight: 30
ActionID: 7

Event: QueueMember
Queue: vip
Name: vip-1
Location: PJSIP/vip-1
StateInterface: PJSIP/vip-1
Membership: static
Penalty: 0
CallsTaken: 0
LastCall: 0
LastPause: 0
LoginTime: 1795800101
InCall: 0
Status: 1
Paused: 0
PausedReason:\x20
Wrapuptime: 0
ActionID: 7

Event: QueueEntry
Queue: vip
Position: 1
Channel: PJSIP/trunk-0000000a
Uniqueid: 1795468683.10
CallerIDNum: 13800138000
CallerIDName: vip
ConnectedLineNum: unknown
ConnectedLineName: unknown
Wait: 3
Priority: 20
ActionID: 7

Event: QueueMember
Queue: general-queue
Name: vip-1
Location: PJSIP/vip-1
StateInterface: PJSIP/vip-1
Membership: static
Penalty: 1
CallsTaken: 0
LastCall: 0
LastPause: 0
LoginTime: 1795800101
InCall: 0
Status: 1
Paused: 0
PausedReason:\x20
Wrapuptime: 0
ActionID: 7

Event: QueueMember
Queue: own-vip-1
Name: vip-1
Location: PJSIP/vip-1
StateInterface: PJSIP/vip-1
Membership: static
Penalty: 0
CallsTaken: 0
LastCall: 0
LastPause: 0
LoginTime: 1795800101
InCall: 0
Status: 1
Paused: 0
PausedReason:\x20
Wrapuptime: 0
ActionID: 7

Event: QueueStatusComplete
ActionID: 7
EventList: Complete
ListItems: 5
"""
"""What the switch answers to QueueStatus, some queues left out."""
