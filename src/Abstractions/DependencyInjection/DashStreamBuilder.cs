using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>Configures one registered stream. Not thread-safe, as registration is not.</summary>
public sealed class DashStreamBuilder
{
    internal DashStreamBuilder(IServiceCollection services, string? name)
    {
        Services = services;
        Name = name;
    }

    /// <summary>The services it registers in.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The stream's name, which is also the key of its services; null for the unnamed stream.</summary>
    public string? Name { get; }

    /// <summary>The name of its options: <see cref="Options.DefaultName"/> for the unnamed stream.</summary>
    public string OptionsName => Name ?? Options.DefaultName;

    /// <summary>Chooses the provider; the last call wins. The container disposes what the factory makes.</summary>
    public DashStreamBuilder UseProvider(Func<IServiceProvider, IStreamProvider> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        Services.RemoveAllKeyed<ProviderSource>(SourceKey(Name));
        Services.AddKeyedSingleton(SourceKey(Name), new ProviderSource(factory));
        return this;
    }

    /// <summary>
    /// For providers: chooses a provider that has settings. They are the options named <see cref="OptionsName"/>, bound from the section if one is given, then
    /// changed by the delegate, and checked when the host starts.
    /// </summary>
    /// <param name="make">Makes the provider.</param>
    /// <param name="faults">Names every value that is out of range, with the range.</param>
    /// <param name="section">Where settings come from; unknown keys are refused. Null: nowhere.</param>
    /// <param name="configure">Changes the settings in code, last.</param>
    public DashStreamBuilder UseProvider<TOptions>(Func<IServiceProvider, TOptions, IStreamProvider> make, Func<TOptions, IEnumerable<string>> faults,
        IConfiguration? section = null, Action<TOptions>? configure = null)
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(faults);
        if (section is not null)
        {
            BindOptions<TOptions>(section);
        }

        Services.AddOptions<TOptions>(OptionsName).Configure(configure ?? (_ => { }));
        ValidateOptions(faults);
        return UseProvider(sp => make(sp, sp.GetRequiredService<IOptionsMonitor<TOptions>>().Get(OptionsName)));
    }

    /// <summary>Changes the stream's producer and consumer settings in code.</summary>
    public DashStreamBuilder Configure(Action<DashStreamOptions> configure)
    {
        Services.AddOptions<DashStreamOptions>(OptionsName).Configure(configure);
        return this;
    }

    /// <summary>
    /// Binds the stream's settings from a configuration section: <c>Producer:…</c> and <c>Consumer:…</c>. Unknown keys are refused; values are checked when the
    /// host starts, and the error names key and range.
    /// </summary>
    public DashStreamBuilder Bind(IConfiguration section)
    {
        BindOptions<DashStreamOptions>(section);
        return this;
    }

    /// <summary>
    /// Wraps the stream's provider, such as in one that injects faults. The last decoration is the outermost. The container disposes both.
    /// </summary>
    /// <typeparam name="TDecorator">Takes the inner <see cref="IStreamProvider"/> in its constructor, and any services.</typeparam>
    public DashStreamBuilder DecorateProvider<TDecorator>()
        where TDecorator : class, IStreamProvider
    {
        if (Name is null)
        {
            Services.Decorate<IStreamProvider, TDecorator>();
        }
        else
        {
            KeyedDecoration.Decorate<IStreamProvider, TDecorator>(Services, Name);
        }

        return this;
    }

    /// <summary>Runs a handler as long as the host runs: one hosted consumer for the topic and group.</summary>
    /// <typeparam name="THandler">Registered as scoped unless it is registered already; a scope is made for each message.</typeparam>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="configure">Changes a copy of the stream's consumer settings for this handler.</param>
    public DashStreamBuilder AddHandler<THandler>(string topic, string group, Action<DashStreamConsumerOptions>? configure = null)
        where THandler : class, IMessageHandler
    {
        StreamNames.ThrowIfInvalidTopic(topic);
        StreamNames.ThrowIfInvalidGroup(group);
        Services.TryAddScoped<THandler>();
        return AddHandler(typeof(THandler), topic, group, configure);
    }

    /// <summary>As <see cref="AddHandler{T}"/>, for a handler of batches, gathered as the settings' <see cref="DashStreamConsumerOptions.Batch"/> says.</summary>
    /// <typeparam name="THandler">Registered as scoped unless it is registered already; a scope is made for each batch.</typeparam>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="configure">Changes a copy of the stream's consumer settings for this handler.</param>
    public DashStreamBuilder AddBatchHandler<THandler>(string topic, string group, Action<DashStreamConsumerOptions>? configure = null)
        where THandler : class, IBatchMessageHandler
    {
        StreamNames.ThrowIfInvalidTopic(topic);
        StreamNames.ThrowIfInvalidGroup(group);
        Services.TryAddScoped<THandler>();
        return AddHandler(typeof(THandler), topic, group, configure);
    }

    /// <summary>Registers every class of the assembly that carries <see cref="MessageHandlerAttribute"/> for this stream, as <see cref="AddHandler{T}"/> and <see cref="AddBatchHandler{T}"/>
    /// do.</summary>
    /// <exception cref="InvalidOperationException">A class with the attribute is no handler, or names are invalid.</exception>
    public DashStreamBuilder AddHandlersFrom(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var found = new ServiceCollection();
        found.Scan(scan => scan.FromAssemblies(assembly)
            .AddClasses(classes => classes.AssignableToAny(typeof(IMessageHandler), typeof(IBatchMessageHandler)).Where(type => Attributes(type).Any()), publicOnly: false)
            .AsSelf()
            .WithScopedLifetime());
        foreach (var descriptor in found)
        {
            Services.TryAdd(descriptor);
            foreach (var attribute in Attributes(descriptor.ServiceType))
            {
                StreamNames.ThrowIfInvalidTopic(attribute.Topic);
                StreamNames.ThrowIfInvalidGroup(attribute.Group);
                AddHandler(descriptor.ServiceType, attribute.Topic, attribute.Group, configure: null);
            }
        }

        return this;
    }

    internal static object SourceKey(string? name) => (typeof(ProviderSource), name);

    internal void ValidateOptions<TOptions>(Func<TOptions, IEnumerable<string>> faults)
        where TOptions : class
    {
        Services.AddSingleton<IValidateOptions<TOptions>>(new FaultsValidator<TOptions>(OptionsName, faults));
        Services.AddOptions<TOptions>(OptionsName).ValidateOnStart();
    }

    internal void BindOptions<TOptions>(IConfiguration section)
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(section);
        Services.AddOptions<TOptions>(OptionsName).Bind(section, binder => binder.ErrorOnUnknownConfiguration = true);
    }

    private IEnumerable<MessageHandlerAttribute> Attributes(Type type) =>
        type.GetCustomAttributes<MessageHandlerAttribute>().Where(attribute => attribute.Stream == Name);

    private DashStreamBuilder AddHandler(Type handler, string topic, string group, Action<DashStreamConsumerOptions>? configure)
    {
        var name = Name;
        Services.AddSingleton<IHostedService>(sp => HandlerService.Create(sp, name, new HandlerRegistration(handler, topic, group, configure)));
        return this;
    }
}
