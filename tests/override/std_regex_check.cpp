// What llama.cpp itself asks: std::regex_search, first pattern that matches. Reads lines from stdin:
//   list        forget the patterns
//   +PATTERN    add one; answered by "ok" or "error WHAT"
//   ?NAME       answered by the index of the first pattern found in NAME, -1 without; patterns that
//               std::regex refused are passed over
#include <iostream>
#include <memory>
#include <regex>
#include <string>
#include <vector>

int main()
{
    std::ios::sync_with_stdio(false);
    std::vector<std::unique_ptr<std::regex>> patterns;
    std::string line;
    while (std::getline(std::cin, line)) {
        if (line == "list") {
            patterns.clear();
        } else if (line[0] == '+') {
            try {
                patterns.push_back(std::make_unique<std::regex>(line.substr(1)));
                std::cout << "ok\n";
            } catch (const std::regex_error &error) {
                patterns.push_back(nullptr);
                std::cout << "error " << error.what() << "\n";
            }
        } else if (line[0] == '?') {
            const std::string name = line.substr(1);
            long found = -1;
            for (std::size_t i = 0; i < patterns.size() && found < 0; i++) {
                if (patterns[i] && std::regex_search(name, *patterns[i])) {
                    found = static_cast<long>(i);
                }
            }
            std::cout << found << "\n";
        }
    }
    return 0;
}
