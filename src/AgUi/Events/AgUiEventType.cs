namespace DashStream.AgUi;

/// <summary>The kinds of AG-UI events: those of protocol 1.0 and the THINKING kinds that came before REASONING.</summary>
public enum AgUiEventType
{
    /// <summary>A kind that this version does not know; <see cref="AgUiEvent.TypeName"/> has its name.</summary>
    Unknown,

    /// <summary>RUN_STARTED: a run begins.</summary>
    RunStarted,

    /// <summary>RUN_FINISHED: a run ended without failing.</summary>
    RunFinished,

    /// <summary>RUN_ERROR: a run failed.</summary>
    RunError,

    /// <summary>STEP_STARTED: a named step begins.</summary>
    StepStarted,

    /// <summary>STEP_FINISHED: a named step ended.</summary>
    StepFinished,

    /// <summary>TEXT_MESSAGE_START: a message opens.</summary>
    TextMessageStart,

    /// <summary>TEXT_MESSAGE_CONTENT: a piece of an open message.</summary>
    TextMessageContent,

    /// <summary>TEXT_MESSAGE_END: a message is complete.</summary>
    TextMessageEnd,

    /// <summary>TEXT_MESSAGE_CHUNK: a piece that opens its message by itself.</summary>
    TextMessageChunk,

    /// <summary>TOOL_CALL_START: a tool call opens.</summary>
    ToolCallStart,

    /// <summary>TOOL_CALL_ARGS: a piece of a call's arguments.</summary>
    ToolCallArgs,

    /// <summary>TOOL_CALL_END: a call's arguments are complete.</summary>
    ToolCallEnd,

    /// <summary>TOOL_CALL_CHUNK: a piece that opens its call by itself.</summary>
    ToolCallChunk,

    /// <summary>TOOL_CALL_RESULT: what a tool gave.</summary>
    ToolCallResult,

    /// <summary>STATE_SNAPSHOT: the whole state.</summary>
    StateSnapshot,

    /// <summary>STATE_DELTA: a JSON patch of the state.</summary>
    StateDelta,

    /// <summary>MESSAGES_SNAPSHOT: the whole conversation.</summary>
    MessagesSnapshot,

    /// <summary>ACTIVITY_SNAPSHOT: progress that is no message, whole.</summary>
    ActivitySnapshot,

    /// <summary>ACTIVITY_DELTA: a JSON patch of an activity.</summary>
    ActivityDelta,

    /// <summary>REASONING_START: a stretch of thinking begins.</summary>
    ReasoningStart,

    /// <summary>REASONING_MESSAGE_START: a thought opens.</summary>
    ReasoningMessageStart,

    /// <summary>REASONING_MESSAGE_CONTENT: a piece of a thought.</summary>
    ReasoningMessageContent,

    /// <summary>REASONING_MESSAGE_END: a thought is complete.</summary>
    ReasoningMessageEnd,

    /// <summary>REASONING_MESSAGE_CHUNK: a piece that opens its thought by itself.</summary>
    ReasoningMessageChunk,

    /// <summary>REASONING_END: a stretch of thinking ended.</summary>
    ReasoningEnd,

    /// <summary>REASONING_ENCRYPTED_VALUE: something of the provider that must be given back unread.</summary>
    ReasoningEncryptedValue,

    /// <summary>THINKING_START, before 1.0.</summary>
    ThinkingStart,

    /// <summary>THINKING_END, before 1.0.</summary>
    ThinkingEnd,

    /// <summary>THINKING_TEXT_MESSAGE_START, before 1.0.</summary>
    ThinkingTextMessageStart,

    /// <summary>THINKING_TEXT_MESSAGE_CONTENT, before 1.0.</summary>
    ThinkingTextMessageContent,

    /// <summary>THINKING_TEXT_MESSAGE_END, before 1.0.</summary>
    ThinkingTextMessageEnd,

    /// <summary>SUBAGENT_STARTED: another agent begins within the run.</summary>
    SubagentStarted,

    /// <summary>SUBAGENT_FINISHED: another agent ended.</summary>
    SubagentFinished,

    /// <summary>SUBAGENT_ERROR: another agent failed.</summary>
    SubagentError,

    /// <summary>RAW: an event of the provider, passed through.</summary>
    Raw,

    /// <summary>CUSTOM: an event of the application.</summary>
    Custom,
}
