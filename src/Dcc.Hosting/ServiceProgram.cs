using Dcc.Core.Validation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Dcc.Hosting;

/// <summary>What a service's process ends with.</summary>
public static class ExitCode
{
    /// <summary>Done, or stopped as asked.</summary>
    public const int Done = 0;

    /// <summary>Failed while running.</summary>
    public const int Failed = 1;

    /// <summary>Bad input: one line on stderr names the field.</summary>
    public const int BadInput = 2;
}

/// <summary>The frame around both services: arguments, configuration, logging, exit codes.</summary>
public static class ServiceProgram
{
    private const string Text = "text";
    private const string Json = "json";

    /// <summary>The flag that ends a service with whoever started it.</summary>
    public static CommandLineFlag StopWithParent { get; } = new(
        "--stop-with-stdin", "Process:StopWithStdin", "", "Stop when standard input is closed, as it is when the parent process ends.");

    /// <summary>The flag that says what log lines look like.</summary>
    public static CommandLineFlag LogFormat { get; } = new("--log-format", "Process:LogFormat", "text|json", "Log lines on standard output [text].");

    /// <summary>Runs a service and turns what can go wrong at its start into one line and an exit code.</summary>
    /// <param name="flags">The service's flags.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="run">Builds and runs the host with the settings; returns the exit code.</param>
    public static async Task<int> Run(CommandLineFlags flags, string[] arguments, Func<Dictionary<string, string?>, Task<int>> run)
    {
        if (arguments.Contains("--help") || arguments.Contains("-h"))
        {
            Console.Out.WriteLine(flags.Help);
            return ExitCode.Done;
        }

        try
        {
            return await run(flags.Parse(arguments)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidInputException or OptionsValidationException)
        {
            return Say(ExitCode.BadInput, exception.Message);
        }
        catch (InvalidOperationException exception) when (exception.InnerException is FormatException or ArgumentException or OverflowException)
        {
            // What the configuration binder throws for a value that does not parse; its message names the key.
            return Say(ExitCode.BadInput, exception.Message);
        }
        catch (InvalidDataException exception)
        {
            // An appsettings.json that is no JSON; the inner message names the place.
            return Say(ExitCode.BadInput, $"{exception.Message} {exception.InnerException?.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Say(ExitCode.Failed, exception.Message);
        }
    }

    // A peer that does not read or has vanished must not hold a stop up: what it still has to be told it learns when it comes back.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    /// <summary>Adds the command line above every other source, terse logs and the parent watch.</summary>
    /// <exception cref="InvalidInputException">The log format is none.</exception>
    public static void Configure(IHostApplicationBuilder builder, Dictionary<string, string?> settings)
    {
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopGrace);
        builder.Logging.ClearProviders();
        AddConsole(builder.Logging, builder.Configuration[LogFormat.Key] ?? Text);
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Error);
        if (string.Equals(builder.Configuration[StopWithParent.Key], "true", StringComparison.OrdinalIgnoreCase))
        {
            builder.Services.AddHostedService<ParentWatch>();
        }
    }

    private static void AddConsole(ILoggingBuilder logging, string format)
    {
        const string Timestamp = "yyyy-MM-ddTHH:mm:ss.fffZ";
        switch (format)
        {
            case Text:
                logging.AddSimpleConsole(options =>
                {
                    options.SingleLine = true;
                    options.UseUtcTimestamp = true;
                    options.TimestampFormat = Timestamp + " ";
                    options.ColorBehavior = LoggerColorBehavior.Disabled;
                });
                break;
            case Json:
                logging.AddJsonConsole(options =>
                {
                    options.UseUtcTimestamp = true;
                    options.TimestampFormat = Timestamp;
                });
                break;
            default:
                throw new InvalidInputException("log-format", $"{Text} or {Json}", format);
        }
    }

    private static int Say(int code, string message)
    {
        Console.Error.WriteLine(message.ReplaceLineEndings(" "));
        return code;
    }
}

/// <summary>Stops the host when standard input ends: a parent that was killed cannot stop its children in any other way.</summary>
internal sealed class ParentWatch(IHostApplicationLifetime lifetime) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: a read from standard input cannot be cancelled, and must not delay the stop.
        new Thread(WaitForEnd) { IsBackground = true, Name = "parent watch" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void WaitForEnd()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> buffer = stackalloc byte[64];
        while (input.Read(buffer) > 0)
        {
        }

        lifetime.StopApplication();
    }
}
