namespace DashStream.AgUi;

/// <summary>The rules of the protocol. Numbers are those under which checkers of AG-UI streams commonly report them: 203 is AGUI203.</summary>
public enum AgUiRule
{
    /// <summary>Something comes before the first run has started.</summary>
    RunNotStarted = 1,

    /// <summary>A run starts while another is open.</summary>
    RunStartedTwice = 2,

    /// <summary>The stream ends while a run is open.</summary>
    RunNotEnded = 3,

    /// <summary>Something follows the end of a run that is not the start of the next.</summary>
    EventAfterEnd = 4,

    /// <summary>A run ends twice.</summary>
    RunEndedTwice = 5,

    /// <summary>A step finishes that is not open.</summary>
    StepNotStarted = 6,

    /// <summary>A step is open when its run finishes.</summary>
    StepNotFinished = 7,

    /// <summary>A run finishes under another id, or in another thread, than it started with.</summary>
    OtherRun = 8,

    /// <summary>A step starts under the name of one that is open. The protocol's own client refuses it; other checkers have no code for it.</summary>
    StepStartedTwice = 9,

    /// <summary>A piece of a message that is not open.</summary>
    ContentWithoutStart = 101,

    /// <summary>The end of a message that is not open.</summary>
    EndWithoutStart = 102,

    /// <summary>A message is open when its run finishes.</summary>
    MessageNotEnded = 103,

    /// <summary>A message opens under the id of one that is complete.</summary>
    MessageIdUsedAgain = 104,

    /// <summary>A piece of a message without text.</summary>
    EmptyContent = 105,

    /// <summary>A message opens under the id of one that is open.</summary>
    MessageAlreadyOpen = 106,

    /// <summary>Arguments for a tool call that is not open.</summary>
    ArgumentsWithoutStart = 201,

    /// <summary>The end of a tool call that is not open.</summary>
    CallEndWithoutStart = 202,

    /// <summary>A tool call is open when its run finishes.</summary>
    CallNotEnded = 203,

    /// <summary>The arguments of a tool call are not JSON.</summary>
    ArgumentsNotJson = 204,

    /// <summary>A tool call opens under an id that is taken.</summary>
    CallIdUsedAgain = 205,

    /// <summary>The result of a tool call that is still open.</summary>
    ResultBeforeEnd = 206,

    /// <summary>The result of a tool call that nobody made.</summary>
    ResultWithoutCall = 207,

    /// <summary>A tool call belongs to a message that was not seen.</summary>
    UnknownParentMessage = 208,

    /// <summary>A patch of a state that was not told.</summary>
    DeltaWithoutState = 301,

    /// <summary>A patch that does not fit the state.</summary>
    DeltaDoesNotApply = 302,

    /// <summary>A patch that is none.</summary>
    DeltaIsNoPatch = 303,

    /// <summary>A whole state in the middle of a run, which takes the place of the patches before it.</summary>
    StateReplaced = 304,

    /// <summary>The stream is to share a state and holds no whole one.</summary>
    SharedStateNotTold = 305,

    /// <summary>A piece or the end of a thought that is not open.</summary>
    ReasoningWithoutStart = 401,

    /// <summary>A thought is open when its run finishes.</summary>
    ReasoningNotEnded = 402,

    /// <summary>A line of server-sent events that clients drop, or an event that no blank line ends.</summary>
    Framing = 501,

    /// <summary>An event is not JSON.</summary>
    NotJson = 502,

    /// <summary>An event of a kind that the protocol does not know.</summary>
    UnknownType = 503,

    /// <summary>An event lacks a field, or a field holds what it must not.</summary>
    Schema = 504,

    /// <summary>The content type is neither that of server-sent events nor that of JSON lines.</summary>
    ContentType = 505,

    /// <summary>For longer than something on the way may wait, neither an event nor a comment came.</summary>
    Silence = 506,

    /// <summary>All events came at once: something held them back, or they were replayed.</summary>
    Buffered = 507,

    /// <summary>The connection broke while a run was open.</summary>
    ConnectionLost = 508,

    /// <summary>A subagent starts that is running.</summary>
    SubagentStartedTwice = 601,

    /// <summary>A subagent finishes that is not running.</summary>
    SubagentNotStarted = 602,

    /// <summary>A subagent fails that is not running.</summary>
    FailedSubagentNotStarted = 603,

    /// <summary>A subagent is running when its run finishes.</summary>
    SubagentNotFinished = 604,

    /// <summary>A subagent was started by one that was not seen.</summary>
    UnknownParentSubagent = 605,

    /// <summary>A message, call or thought goes on under another subagent than the one it was opened under.</summary>
    OtherSubagent = 606,

    /// <summary>A raw event that holds an AG-UI event.</summary>
    RawHoldsEvent = 901,

    /// <summary>No event has a time.</summary>
    NoTimestamps = 902,

    /// <summary>A custom event whose name does not say whose it is.</summary>
    CustomNameWithoutOwner = 903,
}
