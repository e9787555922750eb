namespace Dcc.Cli.Terminal;

/// <summary>What somebody probably meant.</summary>
internal static class NearestName
{
    // A third of the letters, so that nothing far-fetched is proposed; two swapped ones in any case.
    private const int LettersPerMistake = 3;
    private const int Swapped = 2;

    /// <summary>", did you mean X?" in brackets, or nothing.</summary>
    internal static string Hint(string word, IEnumerable<string> names)
    {
        var (name, mistakes) = names.Select(name => (name, Mistakes: Mistakes(word, name))).OrderBy(pair => pair.Mistakes).FirstOrDefault();
        return name is not null && mistakes <= Math.Max(Math.Min(Swapped, word.Length / Swapped), word.Length / LettersPerMistake) ? $" (did you mean {name}?)" : "";
    }

    // Levenshtein's distance: letters to insert, delete or replace.
    private static int Mistakes(string word, string name)
    {
        var row = Enumerable.Range(0, name.Length + 1).ToArray();
        for (var i = 1; i <= word.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= name.Length; j++)
            {
                var replaced = diagonal + (word[i - 1] == name[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
