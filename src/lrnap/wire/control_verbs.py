"""The rows of the verbs about the connection, its server, jobs and nodes: `CTL_...`, in the order that help has."""

from __future__ import annotations

from lrnap.wire.verb import HALTS, JOB, RUNNING, WISHES, Argument, Kind, OptionSpec, Order, Role, Status, Verb

TOPICS = ("state", "stats", "log")
STEPS_OF_NODES = ("enable", "disable", "drain", "forgive", "remove")
PARTS_OF_CONTENT = ("facts", "unneeded")
STEPS_OF_CONTENT = ("collect",)
AUDITED = ("job", "node", "token")
PARTS_OF_JOBS = ("facts", "frames", "runs", "history")
_OF_JOB = OptionSpec("job", Kind.TEXT, "of this job; if not given, of the one that renders, else the last")
_NODE_CHANGES = (
    OptionSpec("threads", Kind.INTEGER, "to render with; 0: all cores"),
    OptionSpec("tags", Kind.SCALAR, "what jobs can ask for, joined by commas; empty: none"),
)

CONTROL_VERBS = (
    Verb(
        "CTL_HELLO",
        "agree on a protocol version and unlock level 1",
        'CTL_HELLO LRNAP/1 client="blender/4.2"',
        args=(Argument("version"),),
        options=(
            OptionSpec("client", Kind.TEXT, "name and version of the client, for the log"),
            OptionSpec("want", Kind.TEXT, "capabilities wished for, separated by commas"),
        ),
        role=Role.NONE,
        order=Order.BARRIER,
    ),
    Verb(
        "CTL_AUTH",
        "prove who you are with a token",
        'CTL_AUTH "s3cret"',
        args=(Argument("token"),),
        role=Role.NONE,
        order=Order.BARRIER,
    ),
    Verb("CTL_INFO", "what this server is: version, platform, memory, cores", "CTL_INFO", reply="R_INFO"),
    Verb("CTL_STATUS", "what is going on, here or with one job", 'CTL_STATUS "myjob"', args=JOB, reply="R_STATUS"),
    Verb(
        "CTL_HELP",
        "the verbs and calls, or how to use one of them",
        "CTL_HELP API_Render",
        args=(Argument("verb", optional=True),),
        role=Role.NONE,
    ),
    Verb(
        "CTL_PING",
        "is anyone there; answers with the token",
        "CTL_PING 42",
        args=(Argument("token", Kind.SCALAR, optional=True),),
        role=Role.NONE,
    ),
    Verb("CTL_QUIT", "end this connection; rendering goes on", "CTL_QUIT", role=Role.NONE, order=Order.SCENE),
    Verb(
        "CTL_JOBS",
        "the jobs, one a line, the newest last",
        "CTL_JOBS state=QUEUED,RENDERING limit=20",
        options=(
            OptionSpec("state", Kind.TEXT, "only those in these states, joined by commas"),
            OptionSpec("owner", Kind.SCALAR, "only those of this owner"),
            OptionSpec("token", Kind.SCALAR, "only the job of this submission of that owner"),
            OptionSpec("limit", Kind.INTEGER, "at most so many, the newest; 1000 if not given"),
            OptionSpec("before", Kind.INTEGER, "of a manager: those with smaller ids, to read on"),
        ),
    ),
    Verb(
        "CTL_JOB",
        "all about a job: facts, and why it waits; or its frames, runs or history, one a line",
        'CTL_JOB "myjob" show=frames',
        args=(Argument("job", Kind.SCALAR),),
        options=(
            OptionSpec("show", Kind.TEXT, "facts if not given", choices=PARTS_OF_JOBS),
            OptionSpec("limit", Kind.INTEGER, "at most so many lines; 1000 if not given"),
            OptionSpec("since", Kind.INTEGER, "to read on: frames or entries of the history behind this number"),
        ),
    ),
    Verb(
        "CTL_LOG",
        "the last lines of the log (20 if not said otherwise)",
        'CTL_LOG 50 "myjob"',
        args=(Argument("lines", Kind.INTEGER, optional=True), Argument("job", optional=True)),
    ),
    Verb(
        "CTL_GET",
        "one setting, or all",
        "CTL_GET threads",
        args=(Argument("name", optional=True),),
        options=(_OF_JOB,),
    ),
    Verb(
        "CTL_SET",
        "change a setting; without a value it is again as the scene says",
        "CTL_SET gamma 1.8",
        args=(Argument("name"), Argument("value", Kind.VALUE, optional=True)),
        options=(_OF_JOB,),
        role=Role.ADMIN,
    ),
    Verb(
        "CTL_PAUSE",
        "pause rendering; the film and its memory stay",
        'CTL_PAUSE "myjob"',
        args=JOB,
        role=Role.SUBMIT,
        states=RUNNING,
    ),
    Verb(
        "CTL_RESUME",
        "go on after CTL_PAUSE",
        'CTL_RESUME "myjob"',
        args=JOB,
        role=Role.SUBMIT,
        states=RUNNING,
    ),
    Verb(
        "CTL_STOP",
        "end rendering; the film stays",
        'CTL_STOP "myjob"',
        args=JOB,
        role=Role.SUBMIT,
        states=RUNNING | {Status.STOPPED, Status.DONE},
    ),
    Verb(
        "CTL_RESET",
        "back to IDLE: rendering ends, job and film are gone",
        'CTL_RESET "myjob"',
        args=JOB,
        role=Role.SUBMIT,
    ),
    Verb(
        "CTL_RETRY",
        "of a manager: what failed or was stopped of a job is rendered on, to the same goal",
        'CTL_RETRY "myjob"',
        args=JOB,
        options=(
            OptionSpec("frames", Kind.SCALAR, "only those of a job of many, also while others are being rendered"),
        ),
        role=Role.SUBMIT,
        states=frozenset({Status.STOPPED, Status.DONE, Status.ERROR}),
    ),
    Verb(
        "CTL_CHANGE",
        "of a manager: other wishes for a job, whatever it does now",
        'CTL_CHANGE "myjob" priority=10',
        args=(Argument("job", Kind.SCALAR),),
        options=(*HALTS, *WISHES),
        role=Role.SUBMIT,
    ),
    Verb(
        "CTL_ADDTHREAD",
        "render with one thread more",
        "CTL_ADDTHREAD",
        args=JOB,
        role=Role.SUBMIT,
        states=RUNNING,
    ),
    Verb(
        "CTL_REMOVETHREAD",
        "render with one thread less",
        "CTL_REMOVETHREAD",
        args=JOB,
        role=Role.SUBMIT,
        states=RUNNING,
    ),
    Verb(
        "CTL_SUBSCRIBE",
        "be told of changes as they happen (R_EVENT)",
        '#5 CTL_SUBSCRIBE state stats job="myjob" rate=1',
        args=(Argument("topic", repeated=True, choices=TOPICS),),
        options=(
            OptionSpec("job", Kind.TEXT, "only of this job"),
            OptionSpec("rate", Kind.NUMBER, "statistics at most this often a second"),
            OptionSpec("since", Kind.INTEGER, "go on after the event with this seq"),
        ),
        level=1,
    ),
    Verb(
        "CTL_UNSUBSCRIBE",
        "end a subscription",
        "#6 CTL_UNSUBSCRIBE 3",
        args=(Argument("sub", Kind.INTEGER),),
        level=1,
    ),
    Verb(
        "CTL_NODES",
        "of a manager: its nodes, one a line; or all about one of them",
        "CTL_NODES",
        args=(Argument("node", Kind.SCALAR, optional=True),),
    ),
    Verb(
        "CTL_NODE",
        "of a manager: change one of its nodes",
        "CTL_NODE lrnap://n7:1978 step=drain",
        args=(Argument("node", Kind.SCALAR),),
        options=(
            OptionSpec("step", Kind.TEXT, "what is to become of it", choices=STEPS_OF_NODES),
            *_NODE_CHANGES,
            OptionSpec("why", Kind.TEXT, "for those who wonder"),
        ),
        role=Role.ADMIN,
    ),
    Verb(
        "CTL_ADDNODE",
        "of a manager: render on a node, too; one that it has gets threads and tags",
        "CTL_ADDNODE lrnap://n7:1978 tags=gpu",
        args=(Argument("url"),),
        options=(
            *_NODE_CHANGES,
            OptionSpec("fingerprint", Kind.TEXT, "of the certificate of a node that encrypts"),
            OptionSpec("token", Kind.TEXT, "what makes the manager admin there"),
        ),
        role=Role.ADMIN,
        joins=True,
    ),
    Verb(
        "CTL_AUDIT",
        "of a manager: who did what, one a line, the newest last",
        "CTL_AUDIT by=ana limit=20",
        options=(
            OptionSpec("by", Kind.SCALAR, "only what this one did, by the name of a token, a user, or name@host"),
            OptionSpec("kind", Kind.TEXT, "only to these", choices=AUDITED),
            OptionSpec("limit", Kind.INTEGER, "at most so many, the newest; 1000 if not given"),
            OptionSpec("before", Kind.INTEGER, "those with smaller numbers, to read on"),
        ),
        role=Role.ADMIN,
    ),
    Verb(
        "CTL_CONTENT",
        "of a manager: the scenes and assets that it keeps, and which of them no job needs",
        "CTL_CONTENT show=unneeded limit=20",
        options=(
            OptionSpec(
                "show",
                Kind.TEXT,
                "facts if not given; or those that no job needs, the largest first",
                choices=PARTS_OF_CONTENT,
            ),
            OptionSpec("limit", Kind.INTEGER, "at most so many; 1000 if not given"),
            OptionSpec("step", Kind.TEXT, "removes what no job needs; how much it was", choices=STEPS_OF_CONTENT),
        ),
        role=Role.ADMIN,
    ),
    Verb(
        "CTL_CLAIM",
        "from now on this connection alone steers the node, until a claim of a higher generation; others may look",
        "CTL_CLAIM 7f3a 12",
        args=(Argument("manager", Kind.SCALAR), Argument("generation", Kind.INTEGER)),
        role=Role.ADMIN,
    ),
    Verb("CTL_RELEASE", "the claim of this connection is over, and forgotten", "CTL_RELEASE", role=Role.ADMIN),
)
